import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { startQemuMachine } from '../src/drivers/qemu/machine.ts';
import { cdrom, content, flash, untilOnline, zeroImage } from './support/drive.ts';
import { FakeQmp } from './support/fake-qmp.ts';
import { startTestMachine } from './support/guest.ts';

/** How often a server is killed; `npm run soak` raises it. */
const KILLS = Number(process.env.DRIVE_KILLS ?? 30);
const limit = () => AbortSignal.timeout(20_000);
const folder = mkdtempSync(join(tmpdir(), 'cc-msd-'));
const iso = zeroImage(folder, 'test.iso');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a QEMU that waits at its first instruction, and attaches a machine to it. */
async function attached(...args: readonly string[]) {
  const place = mkdtempSync(join(tmpdir(), 'cc-'));
  const qmp = join(place, 'qmp.sock');
  const base = ['-nodefaults', '-display', 'none', '-S', '-accel', 'tcg', '-machine', 'pc'];
  const monitor = ['-qmp', `unix:${qmp},server=on,wait=off`];
  const qemu = spawn('qemu-system-x86_64', [...base, ...monitor, ...args], { stdio: 'ignore' });
  const attach = { qmp, vnc: '' };
  const test = await startTestMachine({ stateDir: place, attach });
  await until(test.machine.client, (client) => client !== undefined, limit());
  return {
    ...test,
    attach,
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]();
      const gone = once(qemu, 'exit');
      qemu.kill('SIGKILL');
      await gone;
    },
  };
}

describe('the drive of a QEMU that somebody else started', () => {
  it.each([
    ['an old controller of the board', ['-usb']],
    ['a controller without an id', ['-device', 'qemu-xhci']],
    ['several, of which the fastest serves', ['-usb', '-device', 'nec-usb-xhci,id=fast']],
  ])('is plugged into %s', async (_, args) => {
    // The first boot place is taken.
    const nic = ['-nic', 'none', '-device', 'virtio-net-pci,bootindex=0'];
    await using test = await attached(...args, ...nic);
    const { machine } = test;
    await untilOnline(machine);
    await machine.msd.insert(cdrom(iso));
    expect(content(machine.msd)).toEqual(cdrom(iso));
    const path = '/machine/peripheral/crashcart-cdrom';
    expect(await machine.execute('qom-get', { path, property: 'bootindex' })).toBe(1);
    if (args.includes('-usb') && args.length > 1) {
      const bridge = '/machine/peripheral/crashcart-drive';
      const bus = await machine.execute('qom-get', { path: bridge, property: 'parent_bus' });
      expect(bus).toContain('fast');
    }
    await machine.msd.eject();
    expect(content(machine.msd)).toBeUndefined();
  });

  it('has input devices that are not ours to unplug, which is said', async () => {
    await using test = await attached('-device', 'qemu-xhci', '-device', 'usb-kbd');
    const unplugging = test.machine.hid.setConnected(false);
    await expect(unplugging).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringMatching(/cannot be unplugged: .*'keyboard' not found/),
    });
    expect(test.machine.hid.state.value).toMatchObject({ connected: true, busy: false });
  });

  it('does not exist without a USB controller, which is said', async () => {
    await using test = await attached();
    const { machine } = test;
    const insertion = machine.msd.insert(cdrom(iso));
    await expect(insertion).rejects.toThrow(/no USB bus .* -device qemu-xhci/);
    expect(machine.msd.state.value).toEqual({ online: false, medium: undefined });
    expect(test.log.messages).toContainEqual(expect.stringMatching(/^warn .*no virtual drive/));
  });
});

describe('a drive whose server is killed in the middle', () => {
  it(
    'is in order for the next server, at whatever moment',
    async () => {
      await using first = await attached('-device', 'qemu-xhci');
      const path = zeroImage(folder, 'killed.img');
      const media = [cdrom(iso), flash(path, true), flash(path, false), undefined];
      const { stateDir, attach } = first;
      await first.machine.stop({ kill: false });
      const start = async () => {
        const machine = await startQemuMachine({ id: 'default', stateDir, attach }, first.log);
        await untilOnline(machine);
        return machine;
      };
      let acts = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = await start();
        expect(media).toContainEqual(content(victim.msd));
        const order = [...media].sort(() => Math.random() - 0.5);
        const work = async () => {
          for (; ; acts++) {
            const medium = order[acts % order.length];
            await (medium ? victim.msd.insert(medium) : victim.msd.eject());
          }
        };
        // It ends with the connection, and for no other reason.
        const ended = expect(work()).rejects.toThrow(/closed|does not work|Service Unavailable/);
        await delay(Math.random() * 100);
        await Promise.all([victim.stop({ kill: false }), ended]);
      }
      expect(acts).toBeGreaterThan(KILLS / 4);
      await using last = await start();
      await last.msd.insert(flash(path, true));
      await last.msd.eject();
      expect(await last.execute('query-named-block-nodes')).toEqual([]);
      expect(statSync(path).size).toBe(1 << 20);
    },
    10_000 + KILLS * 1000,
  );
});

describe('the drive of a QEMU that misbehaves', () => {
  /** A QEMU with a USB bus and, when told so, with a drive in it. */
  async function pretended() {
    const place = mkdtempSync(join(tmpdir(), 'cc-'));
    const qmp = await FakeQmp.start(join(place, 'qmp.sock'));
    const drive = { plugged: false, nodes: new Set<unknown>() };
    const device = (name: string, type: string) => ({ name, type: `child<${type}>` });
    qmp.answers.set('qom-list', ({ path }) => {
      if (path === '/machine/peripheral/xhci') return [device('xhci.0', 'usb-bus')];
      if (path !== '/machine/peripheral') return [];
      const bridge = drive.plugged ? [device('crashcart-drive', 'usb-bot')] : [];
      return [device('xhci', 'qemu-xhci'), ...bridge];
    });
    qmp.answers.set('blockdev-add', (args) => drive.nodes.add(args['node-name']));
    qmp.answers.set('blockdev-del', (args) => drive.nodes.delete(args['node-name']));
    qmp.answers.set('query-named-block-nodes', () =>
      [...drive.nodes].map((name) => ({ 'node-name': name, image: { 'virtual-size': 4096 } })),
    );
    const inserted = { file: iso, ro: true };
    const block = { qdev: 'crashcart-cdrom', inserted, tray_open: false };
    qmp.answers.set('query-block', () => (drive.plugged ? [block] : []));
    const test = await startTestMachine({ stateDir: place, attach: { qmp: qmp.path, vnc: '' } });
    await untilOnline(test.machine);
    return {
      ...test,
      ...{ qmp, drive },
      async [Symbol.asyncDispose]() {
        await test[Symbol.asyncDispose]();
        await qmp[Symbol.asyncDispose]();
      },
    };
  }

  it('is as it was when QEMU refuses to plug it', async () => {
    await using test = await pretended();
    test.qmp.answers.set('device_add', () => {
      throw new Error('USB is on fire');
    });
    await expect(test.machine.msd.insert(cdrom(iso))).rejects.toMatchObject({
      name: 'MsdDriveError',
      message: `The drive cannot take ${iso}: QEMU refused device_add: USB is on fire`,
    });
    expect(content(test.machine.msd)).toBeUndefined();
    expect(test.drive.nodes.size).toBe(0);
  });

  it('is followed when another monitor unplugs it', async () => {
    await using test = await pretended();
    test.qmp.answers.set('device_add', () => {
      test.drive.plugged = true;
    });
    await test.machine.msd.insert(cdrom(iso));
    expect(content(test.machine.msd)).toEqual(cdrom(iso));
    test.drive.plugged = false;
    test.qmp.emit('DEVICE_DELETED', { device: 'crashcart-drive' });
    await until(test.machine.msd.state, ({ medium }) => medium === undefined, limit());
  });

  it('keeps its medium in the state when QEMU does not let go of it', async () => {
    await using test = await pretended();
    test.drive.plugged = true;
    await expect(test.machine.msd.eject()).rejects.toMatchObject({
      name: 'MsdDriveError',
      message: expect.stringMatching(
        /does not let go of its medium: QEMU did not unplug it within 5 s/,
      ),
    });
    expect(content(test.machine.msd)).toEqual(cdrom(iso));
  });

  it('cannot be used without a connection, which is said', async () => {
    await using test = await startTestMachine({ attach: { qmp: '/nowhere/qmp.sock', vnc: '' } });
    await until(test.machine.status, (status) => status === 'failed', limit());
    for (const act of [test.machine.msd.eject(), test.machine.msd.insert(cdrom(iso))]) {
      await expect(act).rejects.toMatchObject({ name: 'UnavailableError' });
    }
  });
});
