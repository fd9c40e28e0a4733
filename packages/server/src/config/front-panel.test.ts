import { describe, expect, test } from 'vitest';
import { checkTree } from './load.ts';
import { parseYaml } from './parse.ts';
import { configJsonSchema } from './schema.ts';

const load = async (text: string) =>
  checkTree(await parseYaml('/c.yaml', text, () => Promise.reject(new Error('no include'))));

describe('hid', () => {
  test('is the machine that comes with the server unless told', async () => {
    const { config } = await load('kvmd: {hid: {keymap: de}}');
    expect(config.kvmd.hid).toMatchObject({ type: 'qemu', keymap: 'de', ignore_keys: [] });
    expect(config.kvmd.atx).toEqual({ type: 'qemu', click_delay: 0.1, long_click_delay: 5.5 });
  });

  test('of a USB gadget has the files and times of PiKVM', async () => {
    const { config, warnings } = await load(
      'kvmd:\n  hid: {type: otg, mouse_alt: {device: ""}, mouse: {absolute: no}}',
    );
    const times = { select_timeout: 0.1, queue_timeout: 0.1, write_retries: 150 };
    expect(config.kvmd.hid).toMatchObject({
      keyboard: { device: '/dev/kvmd-hid-keyboard', ...times },
      mouse: { device: '/dev/kvmd-hid-mouse', ...times, absolute: false, horizontal_wheel: true },
      mouse_alt: { device: '', ...times, horizontal_wheel: true },
    });
    expect(warnings).toEqual([]);
  });

  test('by a serial line has the ports and times of PiKVM', async () => {
    const chip = await load('kvmd: {hid: {type: ch9329, speed: "115200"}}');
    expect(chip.config.kvmd.hid).toMatchObject({
      ...{ type: 'ch9329', device: '/dev/kvmd-hid', speed: 115_200, read_timeout: 0.3 },
    });
    const bridge = await load('kvmd:\n  hid: {type: serial, reset_pin: -1, power_detect_pin: 5}');
    expect(bridge.config.kvmd.hid).toMatchObject({
      ...{ type: 'serial', device: '/dev/kvmd-hid', speed: 115_200, read_timeout: 2 },
      ...{ gpio_device: '/dev/gpiochip0', reset_pin: -1, reset_inverted: false, reset_delay: 0.1 },
      ...{ reset_self: false, read_retries: 5, common_retries: 5, retries_delay: 0.5 },
      ...{ errors_threshold: 5, noop: false },
      ...{ power_detect_pin: 5, power_detect_pull_down: false },
    });
    expect(bridge.warnings).toEqual([]);
  });

  test('by SPI has the times of PiKVM', async () => {
    const { config, warnings } = await load('kvmd: {hid: {type: spi, bus: 0, chip: "1"}}');
    expect(config.kvmd.hid).toMatchObject({
      ...{ type: 'spi', bus: 0, chip: 1, hw_cs: false, sw_cs_pin: -1, sw_cs_per_byte: false },
      ...{ max_freq: 100_000, block_usec: 1, read_timeout: 0.5, reset_pin: 4, noop: false },
    });
    expect(warnings).toEqual([]);
  });

  test('by Bluetooth has the names and times of PiKVM', async () => {
    const { config, warnings } = await load('kvmd: {hid: {type: bt, max_clients: "2"}}');
    expect(config.kvmd.hid).toMatchObject({
      ...{ type: 'bt', manufacturer: 'PiKVM', product: 'HID Device' },
      ...{ description: 'Bluetooth Keyboard & Mouse', iface: 'hci0', alias: 'PiKVM HID' },
      ...{ pairing_required: true, auth_required: false, control_public: true },
      ...{ unpair_on_close: true, max_clients: 2, socket_timeout: 5, select_timeout: 1 },
    });
    expect(warnings).toEqual([]);
  });

  test('warns of keys that only another type has, and of those that are not supported', async () => {
    const { warnings } = await load('kvmd:\n  hid: {type: qemu, keyboard: {device: /dev/x}}');
    expect(warnings.map(({ path }) => path.join('.'))).toEqual(['kvmd.hid.keyboard']);
    const otg = await load('kvmd:\n  hid: {type: otg, noop: true, device: /dev/x}');
    expect(otg.warnings.map(({ path }) => path.join('.'))).toEqual([
      ...['kvmd.hid.noop', 'kvmd.hid.device'],
    ]);
  });
});

describe('atx', () => {
  test('by GPIO has the lines of PiKVM', async () => {
    const { config } = await load('kvmd: {atx: {type: gpio, power_led_inverted: yes}}');
    expect(config.kvmd.atx).toEqual({
      ...{ type: 'gpio', click_delay: 0.1, long_click_delay: 5.5, device: '/dev/gpiochip0' },
      ...{
        backend: 'auto',
        power_led_pin: '24',
        power_led_inverted: true,
        power_led_debounce: 0.1,
      },
      ...{ hdd_led_pin: '22', hdd_led_inverted: false, hdd_led_debounce: 0.1 },
      ...{ power_switch_pin: '23', reset_switch_pin: '27' },
    });
  });

  test('takes chip and lines also by their names, and the programs of libgpiod', async () => {
    const { config } = await load(
      'kvmd: {atx: {type: gpio, device: 1, backend: tools, power_led_pin: PWR_LED, hdd_led_pin: "0x10"}}',
    );
    expect(config.kvmd.atx).toMatchObject({
      device: '1',
      backend: 'tools',
      power_led_pin: 'PWR_LED',
      hdd_led_pin: '16',
    });
  });
});

test.each([
  [
    'hid: {type: usb}',
    'kvmd.hid.type: "usb" is not allowed: must be one of: qemu, otg, ch9329, serial, spi, bt, vnc, disabled',
  ],
  ['hid: 1', 'kvmd.hid: 1 is not allowed: must be a section'],
  ['hid: {type: otg, keyboard: {devise: /x}}', 'kvmd.hid.keyboard.devise: no such key'],
  ['hid: {type: otg, mouse: {device: ""}}', 'must be an absolute path'],
  ['hid: {type: otg, mouse: {write_retries: 0}}', 'must be a whole number of at least 1'],
  ['hid: {type: ch9329, speed: 14400}', 'must be one of: 1200, 2400'],
  ['hid: {type: ch9329, read_timeout: 0}', 'must be a number of at least 0.1'],
  ['hid: {type: serial, reset_pin: -2}', 'must be a whole number from -1'],
  ['hid: {type: spi, chip: 0}', 'kvmd.hid.bus: '],
  ['hid: {type: spi, bus: 0, chip: -1}', 'must be a whole number from 0 to 255'],
  ['hid: {type: spi, bus: 0, chip: 0, max_freq: 0}', 'must be a whole number from 1'],
  ['hid: {type: bt, max_clients: 0}', 'must be a whole number of at least 1'],
  ['hid: {type: bt, iface: ../hci0}', 'must be an adapter such as hci0'],
  ['hid: {type: bt, socket_timeout: 0}', 'must be a number of at least 0.1'],
  ['atx: {type: relay}', 'must be one of: qemu, gpio, disabled'],
  ['atx: {type: gpio, power_led_pin: -1}', 'must be the number or name of a line'],
  ['atx: {type: gpio, device: -x}', 'must be a path, or the number, name or label of a chip'],
  ['atx: {type: gpio, backend: sysfs}', 'must be one of: auto, kernel, tools'],
  ['atx: {type: gpio, reset_switch_pin: 24}', 'kvmd.atx.reset_switch_pin: 24 is not allowed: '],
  ['atx: {type: gpio, click_delay: 0}', 'must be a number of at least 0.1'],
])('kvmd: {%s} is refused', async (text, error) => {
  await expect(load(`kvmd: {${text}}`)).rejects.toThrow(error);
});

test('the JSON Schema has the options of each type', () => {
  const schema = JSON.stringify(configJsonSchema());
  expect(schema).toContain('"power_switch_pin"');
  expect(schema).toContain('"absolute_win98_fix"');
});
