import type { HealthInfo, InfoState } from '@crashcart/api';
import { expect, it } from 'vitest';
import { healthFacts, healthSummary, unknownText, uptimeText, versionFacts } from './health.ts';

const flag = { now: false, past: false };
const FLAGS = { undervoltage: flag, freq_capped: flag, throttled: flag };
const GOOD: HealthInfo = {
  temp: { cpu: 46.3 },
  cpu: { percent: 12 },
  mem: { percent: 40, total: 8_000_000_000, available: 4_800_000_000 },
  throttling: { raw_flags: 0, parsed_flags: FLAGS, ignore_past: false },
};
const NO_FAN = { monitored: false, state: null };

const told = (change: Partial<HealthInfo>, fan: InfoState['fan'] = NO_FAN) =>
  healthFacts({ ...GOOD, ...change }, fan);
const fact = (facts: ReturnType<typeof told>, label: string) =>
  facts.find((each) => each.label === label);
const flags = (change: Partial<typeof FLAGS>, ignorePast = false) => ({
  throttling: {
    raw_flags: 1,
    parsed_flags: { ...FLAGS, ...change },
    ignore_past: ignorePast,
  },
});

it('says in words how the box is', () => {
  const facts = told({});
  expect(facts.map(({ label, text }) => `${label}: ${text}`)).toEqual([
    'Processor: 12 % busy',
    'Memory: 3.20 GB of 8.00 GB used',
    'Temperature: 46 °C',
    'Power supply: Voltage is good.',
    'Throttling: Runs at full speed.',
    'Fan: None is watched.',
  ]);
  expect(healthSummary(facts)).toMatchObject({ text: 'All is well.', grade: 'good' });
});

it('puts the gravest first, with what to do', () => {
  const facts = told({ temp: { cpu: 72 }, ...flags({ undervoltage: { now: true, past: true } }) });
  expect(fact(facts, 'Temperature')?.grade).toBe('warn');
  expect(healthSummary(facts)).toMatchObject({
    text: 'Power supply: Voltage is too low.',
    grade: 'bad',
    advice: 'Use a stronger power supply or a shorter cable.',
  });
});

it('tells of what is over, unless it is to be ignored', () => {
  const past = { throttled: { now: false, past: true } };
  expect(fact(told(flags(past)), 'Throttling')).toMatchObject({
    text: 'Was slowed down.',
    grade: 'warn',
  });
  expect(fact(told(flags(past, true)), 'Throttling')?.grade).toBe('good');
});

it('does not judge what the box does not tell', () => {
  const facts = told({
    temp: { cpu: null },
    cpu: { percent: null },
    mem: { percent: null, total: null, available: null },
    throttling: null,
  });
  expect(new Set(facts.map(({ grade }) => grade))).toEqual(new Set([undefined]));
  expect(healthSummary(facts).text).toBe('All is well.');
  expect(unknownText(facts)).toBe(
    'This box does not tell: processor, memory, temperature, power supply, throttling.',
  );
  expect(unknownText(told({}))).toBeUndefined();
});

it('knows the fan of PiKVM', () => {
  const fan = (state: unknown) => fact(told({}, { monitored: true, state }), 'Fan');
  const turns = { fan: { speed: 41.7, ok: true }, hall: { available: true, rpm: 1800 } };
  expect(fan(turns)).toMatchObject({ text: '42 %, 1800 rpm', grade: 'good' });
  expect(fan({ fan: { ok: false } })).toMatchObject({ text: 'Has failed.', grade: 'bad' });
  expect(fan(null)).toMatchObject({ text: 'Its service does not answer.', grade: 'warn' });
});

it('writes times and versions', () => {
  const uptime = (days: number, hours: number, minutes: number) =>
    uptimeText({ total: 0, parts: { days, hours, minutes, seconds: 0 } });
  expect([uptime(0, 0, 7), uptime(1, 0, 0), uptime(12, 3, 4)]).toEqual([
    ...['7 min', '1 day 0 h 0 min', '12 days 3 h 4 min'],
  ]);
  const drivers = { hid: 'qemu', atx: 'qemu', msd: 'disabled', streamer: 'qemu' };
  const facts = versionFacts({
    crashcart: { version: '0.1.0', machine: { drivers, qemu: '7.2.22' } },
    kvmd: { version: '4.197' },
    streamer: { app: 'ustreamer', version: '6', features: {} },
    kernel: { system: 'Linux', release: '6.1', version: '', machine: 'x86_64' },
  });
  expect(facts.map(({ label, text }) => `${label}: ${text}`)).toEqual([
    'crashcart: 0.1.0',
    'PiKVM API: 4.197',
    'QEMU: 7.2.22',
    'Drivers: qemu (input, power, screen) · disabled (drive)',
    'Kernel: Linux 6.1 x86_64',
  ]);
});
