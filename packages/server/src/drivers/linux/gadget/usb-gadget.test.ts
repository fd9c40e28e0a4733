import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeConfigfs, type FakeConfigfsOptions } from '../../../../test/fakes/fake-configfs.ts';
import { configSchema, machinesOf } from '../../../config/schema.ts';
import { type GadgetPlan, planGadget } from './gadget-plan.ts';
import { gadgetStatus } from './gadget-status.ts';
import { type StartOptions, startGadget, stopGadget } from './usb-gadget.ts';

function fake(options: FakeConfigfsOptions = {}): FakeConfigfs {
  const configfs = new FakeConfigfs(options);
  onTestFinished(() => configfs[Symbol.dispose]());
  return configfs;
}

function planOf(otg: object = {}): GadgetPlan {
  const config = configSchema.parse({ otg, kvmd: { hid: { type: 'otg' } } });
  const hid = machinesOf(config).get('default')?.hid;
  return planGadget(config.otg, { hid: hid?.type === 'otg' ? hid : undefined, hasDrive: true });
}

/** Everything that a gadget can have. */
const ALL = planOf({
  ...{ endpoints: 30, config: 'Main' },
  devices: {
    ...{ ethernet: { enabled: true, driver: 'ncm' }, serial: { enabled: true } },
    ...{ audio: { enabled: true }, drives: { enabled: true } },
  },
});

const metaOf = ({ sysDir }: FakeConfigfs) => join(sysDir, 'run/otg');
const begin = (configfs: FakeConfigfs, plan = planOf(), options: Partial<StartOptions> = {}) =>
  startGadget(configfs.system, plan, {
    ...{ udc: '', initDelayMs: 0, owner: undefined, meta: metaOf(configfs) },
    ...{ signal: new AbortController().signal, ...options },
  });
const end = (configfs: FakeConfigfs) => stopGadget(configfs.system, metaOf(configfs));
const status = (configfs: FakeConfigfs) => gadgetStatus(configfs.system, metaOf(configfs));
const links = ({ gadget }: FakeConfigfs) =>
  readdirSync(join(gadget, 'configs/c.1'), { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map(({ name }) => name);

/** Nothing is left: no gadget, no files, and nobody has the controller. */
function expectNothing(configfs: FakeConfigfs): void {
  expect(readdirSync(join(configfs.configDir, 'usb_gadget'))).toEqual([]);
  const meta = metaOf(configfs);
  expect(existsSync(meta) ? readdirSync(meta) : []).toEqual([]);
  const holder = join(configfs.sysDir, 'class/udc/dummy_udc.0/function');
  expect(readFileSync(holder, 'utf8')).toBe('');
}

describe('start', () => {
  it('does what the plan says, in its order, and then binds', async () => {
    const configfs = fake();
    expect(await begin(configfs, ALL)).toBe('started');
    const missing = /wakeup_on_write|inquiry_string_cdrom/;
    const steps = ALL.steps.filter(({ path }) => !missing.test(path));
    expect(configfs.acts.map((act) => act.split(' ').slice(0, 2).join(' '))).toEqual([
      'mkdir ',
      ...steps.map(({ kind, path }) => {
        return `${{ directory: 'mkdir', value: 'write', link: 'link' }[kind]} ${path}`;
      }),
      'write UDC',
    ]);
    expect(await status(configfs)).toMatchObject({
      ...{ exists: true, udc: 'dummy_udc.0', state: 'configured', speed: 'high-speed' },
    });
  });

  it('writes what a newer kernel has besides', async () => {
    const more = [
      ...['functions/hid.usb0/wakeup_on_write'],
      'functions/mass_storage.usb0/lun.0/inquiry_string_cdrom',
    ];
    const configfs = fake({ more: more.slice(0, 1) });
    await begin(configfs);
    expect(configfs.acts).toContain('write functions/hid.usb0/wakeup_on_write 1');
    expect(await begin(configfs)).toBe('running');
  });

  it('tells what the functions are, for all to read', async () => {
    const configfs = fake();
    await begin(configfs);
    const meta = metaOf(configfs);
    expect(readdirSync(meta)).toEqual([
      ...['hid.usb0', 'hid.usb1', 'hid.usb2', 'mass_storage.usb0'].map((each) => {
        return `${each}@meta.json`;
      }),
    ]);
    expect(JSON.parse(readFileSync(join(meta, 'hid.usb1@meta.json'), 'utf8'))).toEqual({
      ...{ function: 'hid.usb1', description: 'Absolute Mouse', endpoints: 1 },
      starter: ['otg', 'devices', 'hid', 'mouse', 'start'],
    });
    expect((await status(configfs)).functions[0]).toEqual({
      ...{ name: 'hid.usb0', linked: true, description: 'Keyboard', endpoints: 1 },
      device: undefined,
    });
  });

  it.each([
    { start: true, card: 'usb0' },
    // It has no name before the machine sees it.
    { start: false, card: undefined },
  ])('tells where our end of a cable is, with start $start', async ({ start, card }) => {
    const configfs = fake();
    const cable = { enabled: true, start };
    await begin(configfs, planOf({ endpoints: 30, devices: { ethernet: cable, serial: cable } }));
    // Another gadget has the first one.
    writeFileSync(join(configfs.gadget, 'functions/acm.usb0/port_num'), '1\n');
    const { functions } = await status(configfs);
    expect(functions.slice(-2).map(({ device }) => device)).toEqual([card, '/dev/ttyGS1']);
  });

  it('hands the controls over when the machine has had its time', async () => {
    const configfs = fake();
    const owner = { uid: 990, gid: 980 };
    const begun = performance.now();
    await begin(configfs, planOf(), { owner, initDelayMs: 60 });
    expect(performance.now() - begun).toBeGreaterThan(55);
    const lun = 'functions/mass_storage.usb0/lun.0';
    expect([...configfs.owners.keys()]).toEqual([
      ...['UDC', 'configs/c.1', `${lun}/cdrom`, `${lun}/ro`, `${lun}/file`, `${lun}/forced_eject`],
    ]);
    expect(configfs.owners.get('UDC')).toEqual(owner);
  });

  it('leaves an equal gadget alone, also after a server has used it', async () => {
    const configfs = fake();
    await begin(configfs, ALL);
    const { length } = configfs.acts;
    const { gadget } = configfs;
    writeFileSync(join(gadget, 'functions/mass_storage.usb0/lun.0/cdrom'), '0\n');
    writeFileSync(join(gadget, 'functions/mass_storage.usb0/lun.0/file'), '/some.img\n');
    await configfs.unlink(join(gadget, 'configs/c.1/hid.usb1'));
    await configfs.write(join(gadget, 'UDC'), 'dummy_udc.0');
    expect(await begin(configfs, ALL)).toBe('running');
    expect(configfs.acts.slice(length)).toEqual([
      ...['unlink configs/c.1/hid.usb1', 'write UDC dummy_udc.0'],
    ]);
  });

  it.each([
    ['idVendor', { vendor_id: 1 }],
    ['strings/0x409/product', { product: 'Other' }],
    ['functions/acm.usb0', { devices: { serial: { enabled: true } } }],
    ['configs/c.1/MaxPower', { max_power: 100 }],
  ])('never touches another gadget: its %s differs', async (path, otg) => {
    const configfs = fake();
    await begin(configfs);
    const { length } = configfs.acts;
    const refused = begin(configfs, planOf(otg));
    await expect(refused).rejects.toThrow(
      `Another gadget is there already (its ${path} differs); \`crashcart otg stop\` removes it`,
    );
    expect(configfs.acts).toHaveLength(length);
    expect((await status(configfs)).udc).toBe('dummy_udc.0');
  });

  it('knows a gadget that has functions which are not planned', async () => {
    const configfs = fake();
    await begin(configfs, ALL);
    await expect(begin(configfs)).rejects.toThrow('its functions/acm.usb0 differs');
  });

  it('makes a gadget anew that is bound to nothing', async () => {
    const configfs = fake();
    await begin(configfs, planOf({ vendor_id: 1 }));
    await configfs.write(join(configfs.gadget, 'UDC'), '\n');
    expect(await begin(configfs)).toBe('started');
    expect(readFileSync(join(configfs.gadget, 'idVendor'), 'utf8')).toBe('0x1d6b\n');
  });

  it('does not bind a gadget without a function that starts', async () => {
    const configfs = fake();
    const off = { start: false };
    const hid = { keyboard: off, mouse: off, mouse_alt: off };
    const plan = planOf({ devices: { hid, msd: off } });
    expect(await begin(configfs, plan)).toBe('idle');
    expect(await status(configfs)).toMatchObject({ exists: true, udc: undefined });
    expect(links(configfs)).toEqual([]);
  });

  it('takes the controller that is named, the first one otherwise', async () => {
    const controllers = ['b.usb', 'a.usb'];
    const named = fake({ controllers });
    await begin(named, planOf(), { udc: 'b.usb' });
    expect((await status(named)).udc).toBe('b.usb');
    await expect(begin(named)).rejects.toThrow('(its UDC differs)');
    const first = fake({ controllers });
    await begin(first);
    expect((await status(first)).udc).toBe('a.usb');
    await expect(begin(fake({ controllers }), planOf(), { udc: 'c.usb' })).rejects.toThrow(
      'There is no USB device controller "c.usb" (otg.udc), but a.usb, b.usb',
    );
  });
});

describe('a start that fails', () => {
  it('leaves nothing behind, wherever it fails', { timeout: 30_000 }, async () => {
    const whole = fake();
    await begin(whole, ALL);
    const count = whole.acts.length;
    expect(count).toBeGreaterThan(60);
    for (let at = 0; at < count; at += 1) {
      using configfs = new FakeConfigfs();
      configfs.failIn = at;
      await expect(begin(configfs, ALL), `act ${at}`).rejects.toThrow('EINVAL');
      expectNothing(configfs);
    }
  });

  it('leaves nothing behind when it is ended in the middle', async () => {
    for (const last of ['mkdir functions/hid.usb2', 'write UDC dummy_udc.0']) {
      const configfs = fake();
      const controller = new AbortController();
      configfs.onAct = (act) => {
        if (act === last) controller.abort(new Error('ended'));
      };
      const options = { signal: controller.signal, initDelayMs: 60_000 };
      await expect(begin(configfs, planOf(), options)).rejects.toThrow('ended');
      expectNothing(configfs);
    }
  });

  it('says what the kernel refuses, and what it lacks', async () => {
    const refused = fake();
    refused.failIn = 1;
    await expect(begin(refused)).rejects.toThrow(
      'The kernel refuses "0x1d6b" as idVendor: EINVAL, write',
    );
    await expect(begin(fake({ lacks: ['hid'] }))).rejects.toThrow(
      'The kernel has no USB function "hid" (module usb_f_hid)',
    );
    const file = { devices: { msd: { default: { file: '/nope.iso' } } } };
    await expect(begin(fake(), planOf(file))).rejects.toThrow(
      'The kernel refuses "/nope.iso" as functions/mass_storage.usb0/lun.0/file: ENOENT',
    );
  });

  it('also says so when what was made cannot be removed', async () => {
    const configfs = fake();
    configfs.onAct = (act) => {
      if (!/^write strings\/0x409\/product|^rmdir strings/.test(act)) return;
      configfs.failIn = 0;
    };
    await expect(begin(configfs)).rejects.toThrow(
      /as strings\/0x409\/product: EINVAL.*\. The gadget cannot be removed: EINVAL/,
    );
  });

  it('needs a controller, which nobody else has', async () => {
    await expect(begin(fake({ controllers: [] }))).rejects.toThrow(
      /^There is no USB device controller in .*: its driver .* is not loaded, or the board has none$/,
    );
    const shared = fake();
    const other = join(shared.configDir, 'usb_gadget/g1');
    await shared.makeDir(other);
    await shared.makeDir(join(other, 'configs/c.1'));
    await shared.makeDir(join(other, 'functions/acm.0'));
    await shared.link(join(other, 'functions/acm.0'), join(other, 'configs/c.1/acm.0'));
    await shared.write(join(other, 'UDC'), 'dummy_udc.0');
    await expect(begin(shared)).rejects.toThrow(
      'The USB device controller dummy_udc.0 belongs to the gadget "g1"',
    );
    expect(existsSync(shared.gadget)).toBe(false);
    const old = fake();
    writeFileSync(join(old.sysDir, 'class/udc/dummy_udc.0/function'), 'g_ether');
    await expect(begin(old)).rejects.toThrow('belongs to the gadget "g_ether"');
  });

  it('says where to look when the controller does not take it', async () => {
    const configfs = fake();
    configfs.onAct = (act) => {
      const udc = join(configfs.sysDir, 'class/udc/dummy_udc.0/function');
      if (act === 'mkdir functions/hid.usb0') rmSync(udc);
    };
    await expect(begin(configfs)).rejects.toThrow(
      'dummy_udc.0 refuses the gadget: EBUSY, write; has it fewer endpoints than otg.endpoints?',
    );
    expect(readdirSync(join(configfs.configDir, 'usb_gadget'))).toEqual([]);
  });

  it('loads the module that gadgets need', async () => {
    const configfs = fake();
    configfs.unload();
    const asked: string[] = [];
    const system = {
      ...configfs.system,
      loadModule: async (name: string) => {
        asked.push(name);
        configfs.load();
        return undefined;
      },
    };
    const { signal } = new AbortController();
    const meta = metaOf(configfs);
    const options = { udc: '', initDelayMs: 0, owner: undefined, meta, signal };
    expect(await startGadget(system, planOf(), options)).toBe('started');
    expect(asked).toEqual(['libcomposite']);
  });

  it('says when there is no such module, or no configfs', async () => {
    const configfs = fake();
    configfs.unload();
    await expect(begin(configfs)).rejects.toThrow(
      'The kernel has no USB gadgets (module libcomposite): not this time',
    );
    const system = { ...configfs.system, loadModule: async () => undefined };
    const { signal } = new AbortController();
    const options = { udc: '', initDelayMs: 0, owner: undefined, meta: metaOf(configfs), signal };
    await expect(startGadget(system, planOf(), options)).rejects.toThrow(
      /^configfs is not mounted at .*: mount -t configfs none /,
    );
  });
});

describe('stop', () => {
  it('removes everything, what refers to others first', async () => {
    const configfs = fake();
    await begin(configfs, ALL);
    const { length } = configfs.acts;
    expect(await end(configfs)).toBe(true);
    const names = ['acm', 'hid', 'hid', 'hid', 'mass_storage', 'mass_storage', 'ncm', 'uac2'];
    const functions = names.map(
      (kind, index) => `${kind}.usb${names.slice(0, index).filter((each) => each === kind).length}`,
    );
    expect(configfs.acts.slice(length)).toEqual([
      ...['write UDC ', 'unlink os_desc/c.1'],
      ...functions.map((name) => `unlink configs/c.1/${name}`),
      ...['rmdir configs/c.1/strings/0x409', 'rmdir configs/c.1'],
      ...functions.map((name) => `rmdir functions/${name}`),
      ...['rmdir strings/0x409', 'rmdir '],
    ]);
    expectNothing(configfs);
    expect(await status(configfs)).toMatchObject({ exists: false, functions: [] });
    expect(await end(configfs)).toBe(false);
  });

  it('removes a gadget that another program has made, and one without a controller', async () => {
    const configfs = fake();
    const { gadget } = configfs;
    for (const name of ['', 'configs/x.2', 'functions/hid.0', 'strings/0x407']) {
      await configfs.makeDir(join(gadget, name));
    }
    symlinkSync(join(gadget, 'functions/hid.0'), join(gadget, 'configs/x.2/f1'));
    // The controller has gone, the name has stayed.
    writeFileSync(join(gadget, 'UDC'), 'gone.usb\n');
    configfs.write = async () => {
      throw Object.assign(new Error('ENODEV, write'), { code: 'ENODEV', syscall: 'write' });
    };
    expect(await end(configfs)).toBe(true);
    expectNothing(configfs);
  });

  it('waits until programs have let go of its serial port', async () => {
    const configfs = fake();
    await begin(configfs, ALL);
    const looks = [['cat (7)'], ['cat (7)', 'agetty (8)'], []];
    configfs.programs = ['cat (7)'];
    const system = {
      ...configfs.system,
      programsWith: async (path: string) => {
        expect([path, readFileSync(join(configfs.gadget, 'UDC'), 'utf8')]).toEqual([
          ...['/dev/ttyGS0', '\n'],
        ]);
        configfs.programs = looks.shift() ?? [];
        return configfs.programs;
      },
    };
    expect(await stopGadget(system, metaOf(configfs))).toBe(true);
    expectNothing(configfs);
  });

  it('names the program that keeps a serial port, and goes on when it has ended', async () => {
    const configfs = fake();
    await begin(configfs, ALL);
    configfs.programs = ['agetty (8)'];
    await expect(end(configfs)).rejects.toThrow(
      /^The gadget cannot be removed: \/dev\/ttyGS0 is in use by agetty \(8\); end that first \(a login: `systemctl stop serial-getty@ttyGS0`\)$/,
    );
    expect(await status(configfs)).toMatchObject({ exists: true, udc: undefined });
    configfs.programs = [];
    expect(await end(configfs)).toBe(true);
    expectNothing(configfs);
  });

  it('leaves other files beside those of the functions alone', async () => {
    const configfs = fake();
    await begin(configfs);
    writeFileSync(join(metaOf(configfs), 'mine.txt'), '');
    await end(configfs);
    expect(readdirSync(metaOf(configfs))).toEqual(['mine.txt']);
  });
});
