import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GPIO_DRIVERS } from '../drivers/registry.ts';
import { dumpConfig } from './dump.ts';
import { formatFinding } from './errors.ts';
import { driversOf } from './gpio.ts';
import { GPIO_OPTIONS } from './gpio-drivers.ts';
import { loadConfig } from './load.ts';
import { configJsonSchema } from './schema.ts';

const load = (text: string) =>
  loadConfig({ file: '/c.yaml' }, { readText: async () => text, listFiles: async () => undefined });
const gpioOf = async (text: string) => (await load(text)).config.kvmd.gpio;

/** What each type needs to be given, and nothing else. */
const NEEDED: Readonly<Record<string, object>> = {
  cmd: { cmd: ['/bin/true'] },
  cmdret: { cmd: '/bin/true, -x' },
  wol: { mac: '00:11:22:33:44:55' },
  ipmi: { host: 'bmc' },
  amt: { host: 'pc' },
  hue: { url: 'http://bridge', token: 't' },
  anelpwr: { url: 'https://outlets/' },
  tesmart: { host: 'switch' },
  ...Object.fromEntries(
    ['ezcoo', 'xh_hk4401', 'extron', 'pway', 'hidrelay', 'noyito'].map((type) => [
      type,
      { device: '/dev/x' },
    ]),
  ),
};

describe('the section gpio', () => {
  it('needs nothing', async () => {
    expect(await gpioOf('')).toEqual({
      ...{ drivers: {}, scheme: {} },
      view: { header: { title: 'GPIO' }, table: [] },
    });
    expect([...driversOf({ drivers: {} })]).toEqual([
      ['__gpio__', { type: 'gpio', device: '/dev/gpiochip0', backend: 'auto' }],
    ]);
  });

  it.each(Object.keys(GPIO_DRIVERS))('knows the driver %s with defaults', async (type) => {
    const drivers = { d: { type, ...NEEDED[type] } };
    const gpio = await gpioOf(JSON.stringify({ kvmd: { gpio: { drivers } } }));
    expect(gpio.drivers.d).toMatchObject({ type });
    expect(Object.keys(gpio.drivers.d ?? {}).length).toBeGreaterThan(0);
  });

  it('has the defaults of PiKVM', async () => {
    const gpio = await gpioOf(`
kvmd:
  gpio:
    drivers: {d: {}, i: {type: ipmi, host: h}, p: {type: pway, device: /dev/x}, c: {type: cmdret, cmd: "/bin/a,b c"}}
    scheme:
      in: {mode: input, pin: 0x10}
      out: {mode: output, pin: 20}
      const: {mode: output, driver: d, pin: 6, switch: false, pulse: false, initial: null}
`);
    expect(gpio.drivers).toMatchObject({
      d: { type: 'gpio', device: '/dev/gpiochip0', backend: 'auto' },
      i: { port: 623, cipher: 17, passwd_env: 'IPMI_PASSWORD', state_poll: 1 },
      p: { speed: 19200, read_timeout: 2, protocol: 1 },
      c: { cmd: ['/bin/a', 'b c'] },
    });
    expect(gpio.scheme).toEqual({
      in: { mode: 'input', driver: '__gpio__', pin: '16', inverted: false, debounce: 0.1 },
      out: {
        ...{ mode: 'output', driver: '__gpio__', pin: '20', inverted: false, initial: false },
        ...{ switch: true, busy_delay: 0.2, pulse: { delay: 0.1, min_delay: 0.1, max_delay: 0.1 } },
      },
      const: expect.objectContaining({ initial: null, switch: false }),
    });
    expect(gpio.scheme.const).toMatchObject({ pulse: { delay: 0 } });
  });

  it('takes rows without cells and numbers in cells', async () => {
    const { view } = await gpioOf('kvmd: {gpio: {view: {table: [[], ~, ["#a", 1]]}}}');
    expect(view.table).toEqual([[], [], ['#a', '1']]);
  });

  it.each([
    [
      'drivers:\n      d: {type: magic}',
      ':4: kvmd.gpio.drivers.d.type: "magic" is not allowed: must be one of: gpio, locator, pwm',
    ],
    ['drivers: {d: 5}', 'kvmd.gpio.drivers.d: 5 is not allowed: must be a section'],
    [
      'drivers:\n      d: {type: wol, mac: no}',
      ':4: kvmd.gpio.drivers.d.mac: "no" is not allowed: must be a MAC address',
    ],
    ['drivers: {d: {type: noop, port: 1}}', 'kvmd.gpio.drivers.d.port: no such key'],
    ['drivers: {d: {type: cmd}}', 'kvmd.gpio.drivers.d.cmd: '],
    [
      'drivers: {d: {type: cmd, cmd: [ls]}}',
      'must be a list of texts that begins with the absolute path',
    ],
    [
      'drivers: {d: {type: cmd, cmd: "ls -l"}}',
      'must be a list of texts that begins with the absolute path',
    ],
    [
      'drivers: {d: {type: ezcoo, device: /x, speed: 300}}',
      'drivers.d.speed: 300 is not allowed: must be one of: 1200',
    ],
    [
      'drivers: {d: {type: ezcoo, device: /x, protocol: 3}}',
      'drivers.d.protocol: 3 is not allowed: must be 1 or 2',
    ],
    ['drivers: {d: {type: tesmart}}', 'drivers.d.host: '],
    ['drivers: {d: {type: hue, token: t, url: "file:///x"}}', 'must be an http or https URL'],
    [
      'drivers: {d: {type: servo, angle_min: 90, angle_max: 90}}',
      'angle_max must be more than angle_min',
    ],
    ['drivers: {1d: {}}', 'drivers.1d: "1d" is not allowed: must be letters, digits, _ and -'],
    ['drivers: {__proto__: {}}', 'kvmd.gpio.drivers.__proto__: {} is not allowed: is not a name'],
    [
      'scheme:\n      a:\n        mode: inout\n        pin: 1',
      ':5: kvmd.gpio.scheme.a.mode: "inout" is not allowed: must be one of: input, output',
    ],
    ['scheme:\n      a: {mode: input}', ':4: kvmd.gpio.scheme.a.pin: '],
    [
      'scheme:\n      a:\n        mode: input\n        pin: -1',
      ':6: kvmd.gpio.scheme.a.pin: -1 is not allowed: must be the number or name of a line',
    ],
    [
      'scheme: {a: {mode: input, pin: 1, driver: no}}',
      'kvmd.gpio.scheme.a.driver: "no" is not allowed: there is no such driver',
    ],
    ['scheme: {a: {mode: input, pin: 1, switch: true}}', 'kvmd.gpio.scheme.a.switch: no such key'],
    ['scheme: {a: {mode: output, pin: 1, busy_delay: 0}}', 'must be a number of at least 0.1'],
    [
      'scheme: {a: {mode: output, pin: 1, pulse: {min_delay: 2}}}',
      'is not allowed: must be at least min_delay',
    ],
    ['scheme: {a: {mode: output, pin: 1, initial: maybe}}', 'must be true, false or null'],
    [
      '{drivers: {r: {type: noyito, device: /x}}, scheme: {a: {mode: input, driver: r, pin: 1}}}',
      'scheme.a.mode: "input" is not allowed: must be output',
    ],
    [
      '{drivers: {r: {type: noyito, device: /x}}, scheme: {a: {mode: output, driver: r, pin: 8}}}',
      'must be a number from 0 to 7',
    ],
    [
      '{drivers: {r: {type: ipmi, host: h}}, scheme: {a: {mode: output, driver: r, pin: 0}}}',
      'must be 0 or status for an input, one of 1, on, 2, off',
    ],
    [
      '{drivers: {r: {type: otgconf}}, scheme: {a: {mode: output, driver: r, pin: ../x}}}',
      'must be udc or the name of a gadget function',
    ],
    ['view: {table: ["a"]}', 'must be a list of texts'],
  ])('says what is wrong where: %j', async (text, message) => {
    const body = text.startsWith('{') ? ` ${text}` : `\n    ${text}`;
    await expect(load(`kvmd:\n  gpio:${body}`)).rejects.toThrow(message);
  });

  it('takes the pins of each type', async () => {
    const text = `{drivers: {r: {type: ipmi, host: h}, u: {type: otgconf}, h: {type: hue, url: "http://x", token: t}},
      scheme: {a: {mode: input, driver: r, pin: status}, b: {mode: output, driver: r, pin: soft},
      c: {mode: input, driver: u, pin: hid.usb0}, d: {mode: output, driver: h, pin: 3f}}}`;
    const { scheme } = await gpioOf(`kvmd: {gpio: ${text}}`);
    expect(Object.values(scheme).map(({ pin }) => pin)).toEqual([
      'status',
      'soft',
      'hid.usb0',
      '3f',
    ]);
  });

  it('takes lines by number or name, and another way to the chip that is always there', async () => {
    const text = `{drivers: {__gpio__: {device: pinctrl-bcm2711, backend: tools}}, scheme: {
      a: {mode: input, pin: 0x1f}, b: {mode: output, pin: "7J1 Header Pin5"}}}`;
    const config = await gpioOf(`kvmd: {gpio: ${text}}`);
    expect(Object.values(config.scheme).map(({ pin }) => pin)).toEqual(['31', '7J1 Header Pin5']);
    expect(driversOf(config).get('__gpio__')).toEqual({
      ...{ type: 'gpio', device: 'pinctrl-bcm2711', backend: 'tools' },
    });
  });

  it('makes a driver and a channel of the old Wake-on-LAN section', async () => {
    const { config, warnings } = await load('kvmd:\n  wol: {mac: "00:11:22:33:44:55", port: 7}');
    expect(warnings.map(formatFinding)).toEqual([]);
    expect(config.kvmd.gpio.drivers.__wol__).toMatchObject({ type: 'wol', port: 7 });
    expect(config.kvmd.gpio.scheme.__wol__).toMatchObject({
      ...{ driver: '__wol__', pin: '0', mode: 'output', switch: false },
    });
    await expect(load('kvmd:\n  wol: {mac: x}')).rejects.toThrow(
      ':2: kvmd.gpio.drivers.__wol__.mac',
    );
  });

  it('is dumped so that it reads back the same, and has a JSON Schema', async () => {
    const text =
      'kvmd: {gpio: {scheme: {a: {mode: output, pin: 1, initial: ~}, b: {mode: input, pin: 2}}}}';
    const { config } = await load(text);
    expect((await load(dumpConfig(config))).config).toEqual(config);
    expect((await load(dumpConfig(config, { onlyChanges: true }))).config).toEqual(config);
    expect(JSON.stringify(configJsonSchema())).toContain('duty_cycle_push');
  });

  it('is there for further machines, too', async () => {
    const { config } = await load('machines: {two: {gpio: {drivers: {n: {type: noop}}}}}');
    expect(config.machines.two?.gpio.drivers.n).toEqual({ type: 'noop' });
  });
});

describe('docs/gpio.md', () => {
  const text = readFileSync(new URL('../../../../docs/gpio.md', import.meta.url), 'utf8');

  it('has an example that is accepted without a warning', async () => {
    const { config, warnings } = await load(/```yaml\n(.*?)```/s.exec(text)?.[1] ?? '');
    expect(warnings).toEqual([]);
    expect(Object.keys(config.kvmd.gpio.scheme)).toHaveLength(5);
  });

  it.each(Object.entries(GPIO_OPTIONS))('names every option of %s', (type, section) => {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${type}\``)) ?? '';
    for (const key of Object.keys(section.shape)) {
      if (key === 'type' || (key === 'protocol' && ['extron', 'pway'].includes(type))) continue;
      expect(row).toMatch(new RegExp(`\`(${key}|_?${key.replace(/^[a-z]+_(cycle_)?/, '')})\``));
    }
  });
});
