import { readdirSync, readFileSync, watch } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { FakeConfigfs, type FakeConfigfsOptions } from '../../test/fakes/fake-configfs.ts';
import { eventually, gpioContext, waitForOn } from '../../test/support/gpio-context.ts';
import { configSchema } from '../config/schema.ts';
import { createOtgconf } from '../drivers/gpio/otgconf.ts';
import { otgCommand } from './otg.ts';

const BOARD = { hid: { type: 'otg' }, msd: { type: 'otg' } };

function board(otg: object = {}, kvmd: object = BOARD, options: FakeConfigfsOptions = {}) {
  const configfs = new FakeConfigfs(options);
  onTestFinished(() => configfs[Symbol.dispose]());
  const meta = join(configfs.sysDir, 'run/otg');
  const user = userInfo().username;
  const config = configSchema.parse({ kvmd, otg: { init_delay: 0.1, user, meta, ...otg } });
  const run = async (...argv: string[]) => {
    let out = '';
    let err = '';
    const code = await otgCommand(argv, {
      stdin: Readable.from([]),
      stdout: { write: (part) => (out += part) },
      stderr: { write: (part) => (err += part) },
      ...{ config, system: configfs.system, signal: new AbortController().signal },
    });
    return { code, out, err };
  };
  return { configfs, run, meta };
}

it('starts, tells, and stops', async () => {
  const { configfs, run } = board({ devices: { serial: { enabled: true, start: false } } });
  expect(await run('status')).toEqual({ code: 1, out: 'There is no gadget\n', err: '' });
  expect(await run('start')).toEqual({ code: 0, out: 'The gadget is started\n', err: '' });
  const { uid, gid } = userInfo();
  expect(configfs.owners.get('UDC')).toEqual({ uid, gid });
  expect(await run('start')).toEqual({ code: 0, out: 'The gadget runs already\n', err: '' });
  expect(await run('status')).toEqual({
    ...{ code: 0, err: '' },
    out: `The gadget is bound to dummy_udc.0 (configured, high-speed)
  + hid.usb0           1  Keyboard
  + hid.usb1           1  Absolute Mouse
  + hid.usb2           1  Relative Mouse
  + mass_storage.usb0  2  Mass Storage Drive
  - acm.usb0           3  Serial Port  /dev/ttyGS0
Endpoints: 5 of 9
`,
  });
  const told = await run('status', '--json');
  expect(JSON.parse(told.out)).toMatchObject({
    ...{ exists: true, udc: 'dummy_udc.0', state: 'configured', speed: 'high-speed' },
    functions: [
      { name: 'hid.usb0', linked: true },
      {},
      {},
      {},
      { name: 'acm.usb0', linked: false, device: '/dev/ttyGS0' },
    ],
  });
  expect(await run('stop')).toEqual({ code: 0, out: 'The gadget is removed\n', err: '' });
  expect(await run('stop')).toEqual({ code: 0, out: 'There is no gadget\n', err: '' });
});

it('only prints what it would do', async () => {
  const { configfs, run } = board();
  const { code, out } = await run('start', '--dry-run');
  expect([code, out.split('\n')[0]]).toEqual([0, 'write idVendor 0x1d6b']);
  expect(out).toContain('link  configs/c.1/hid.usb0 -> functions/hid.usb0\n');
  expect(configfs.acts).toEqual([]);
});

it('says which functions found no endpoints', async () => {
  const { run } = board({ endpoints: 4 });
  const { code, err } = await run('start');
  expect(code).toBe(0);
  expect(err).toBe(
    'mass_storage.usb0 (Mass Storage Drive) is left out: it needs 2 of 4 endpoints (otg.endpoints)\n',
  );
});

it.each([
  [{ user: 'nobody-of-this-name' }, BOARD, {}, 'There is no user "nobody-of-this-name" (otg.user)'],
  [{}, {}, {}, 'Nothing is wanted of the gadget: kvmd.hid.type and kvmd.msd.type are not `otg`'],
  [{}, BOARD, { controllers: [] }, 'There is no USB device controller'],
])('fails with a reason: %j %j %j', async (otg, kvmd, options, reason) => {
  const { configfs, run } = board(otg, kvmd, options);
  const { code, err } = await run('start');
  expect(code).toBe(1);
  expect(err).toContain(reason);
  expect(readdirSync(join(configfs.configDir, 'usb_gadget'))).toEqual([]);
});

it.each([
  [[]],
  [['restart']],
  [['start', 'now']],
  [['stop', '--dry-run']],
  [['start', '--json']],
  [['--nope']],
])('refuses %j', async (argv) => {
  const { run } = board();
  const { code, err } = await run(...argv);
  expect(code).toBe(2);
  expect(err).toMatch(/^Usage: crashcart otg start/);
});

it('prints its help', async () => {
  const { code, out } = await board().run('--help');
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: crashcart otg start/);
});

it('agrees with otgconf: what a line switches off is off, and the order stays', async () => {
  const devices = { serial: { enabled: true } };
  const { configfs, run, meta } = board({ devices });
  await run('start');
  const { sysDir, gadget } = configfs;
  const functions = ['hid.usb0', 'hid.usb1', 'hid.usb2', 'mass_storage.usb0', 'acm.usb0'];
  expect(readdirSync(meta).sort()).toEqual(functions.map((name) => `${name}@meta.json`).sort());
  const pins = Object.fromEntries(functions.map((name) => [name, undefined]));
  const context = gpioContext('output', { udc: undefined, ...pins }, { system: { sysDir } });
  await using driver = createOtgconf({ udc: '', init_delay: 0.05 }, context);
  await waitForOn(driver, ['udc', ...functions]);
  const linked: string[] = [];
  const watcher = watch(join(gadget, 'configs/c.1'), (_, name) => linked.push(name ?? ''));
  onTestFinished(() => watcher.close());
  await driver.write('hid.usb1', false);
  const others = functions.filter((name) => name !== 'hid.usb1');
  await eventually(() => expect(linked.slice(-4)).toEqual(others));
  const { out } = await run('status');
  expect(out).toMatch(/\+ hid\.usb0 .*\n {2}- hid\.usb1 /);
  expect(await run('start')).toMatchObject({ code: 0, out: 'The gadget runs already\n' });
  await driver.write('hid.usb1', true);
  await eventually(() => expect(linked.slice(-5)).toEqual(functions));
  expect(readFileSync(join(gadget, 'UDC'), 'utf8')).toBe('dummy_udc.0');
  expect(await run('stop')).toMatchObject({ code: 0, out: 'The gadget is removed\n' });
});

it('serves the machine that has the gadget, whichever it is', async () => {
  const configfs = new FakeConfigfs();
  onTestFinished(() => configfs[Symbol.dispose]());
  const config = configSchema.parse({ machines: { board: { hid: { type: 'otg' } } } });
  let out = '';
  const code = await otgCommand(['start', '--dry-run'], {
    stdin: Readable.from([]),
    stdout: { write: (part) => (out += part) },
    stderr: { write: () => undefined },
    ...{ config, system: configfs.system, signal: new AbortController().signal },
  });
  expect(code).toBe(0);
  expect(out).toContain('mkdir functions/hid.usb2\n');
  expect(out).not.toContain('mass_storage');
});
