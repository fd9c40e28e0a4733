import { expect, test } from 'vitest';
import { exposition, gauge } from './exposition.ts';
import { pikvmMetrics } from './pikvm-metrics.ts';

test('a family has its help, its type and a line for each sample', () => {
  const rooms = {
    ...{ name: 'room_bytes', type: 'gauge' as const, help: 'Room.' },
    samples: [
      { labels: { machine: 'a', part: '' }, value: 1 },
      { labels: { machine: 'a', part: 'iso' }, value: 2.5 },
    ],
  };
  expect(exposition([gauge('on', 'Whether.', true), rooms])).toBe(
    '# HELP on Whether.\n# TYPE on gauge\non 1\n\n' +
      '# HELP room_bytes Room.\n# TYPE room_bytes gauge\n' +
      'room_bytes{machine="a",part=""} 1\nroom_bytes{machine="a",part="iso"} 2.5\n',
  );
});

test('what would break a line is escaped, and a name is one', () => {
  const labels = { part: 'a"b\\c\nd' };
  const family = { name: 'led-1.x', type: 'counter' as const, help: 'a\\b\nc' };
  expect(exposition([{ ...family, samples: [{ labels, value: 3 }] }])).toBe(
    '# HELP led_1_x a\\\\b\\nc\n# TYPE led_1_x counter\nled_1_x{part="a\\"b\\\\c\\nd"} 3\n',
  );
});

test('of two families of one name the first counts, and an empty one is left out', () => {
  const empty = { name: 'none', type: 'gauge' as const, help: '', samples: [] };
  const text = exposition([gauge('a_b', 'First.', 1), gauge('a-b', 'Second.', 2), empty]);
  expect(text).toBe('# HELP a_b First.\n# TYPE a_b gauge\na_b 1\n');
});

test('online tells whether a line answers, own lines and unknown facts are left out', () => {
  const text = exposition(
    pikvmMetrics({
      atx: {
        ...{ enabled: true, busy: false, acts: { power: false, reset: false } },
        leds: { power: true, hdd: false },
      },
      gpio: {
        inputs: { led1: { online: false, state: true }, __own__: { online: true, state: true } },
        outputs: { 'relay-1': { online: true, state: false, busy: false } },
      },
      health: {
        temp: { cpu: null },
        cpu: { percent: 7 },
        mem: { percent: 12.5, total: 1000, available: null },
        throttling: null,
      },
      fan: { monitored: true, state: { speed: 50, ok: true, last_fail_ts: -1 } },
    }),
  );
  const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(values).toEqual([
    'pikvm_atx_enabled 1',
    'pikvm_atx_power 1',
    'pikvm_gpio_input_online_led1 0',
    'pikvm_gpio_input_state_led1 1',
    'pikvm_gpio_output_online_relay_1 1',
    'pikvm_gpio_output_state_relay_1 0',
    'pikvm_hw_cpu_percent 7',
    'pikvm_hw_mem_percent 12.5',
    'pikvm_hw_mem_total 1000',
    'pikvm_fan_monitored 1',
    'pikvm_fan_state_last_fail_ts -1',
    'pikvm_fan_state_ok 1',
    'pikvm_fan_state_speed 50',
  ]);
});
