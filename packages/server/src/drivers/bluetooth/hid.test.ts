import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeBluez } from '../../../test/fakes/fake-bluez.ts';
import { FakeL2cap } from '../../../test/fakes/fake-l2cap.ts';
import {
  type BluezBus,
  fakeBluezBus,
  hasDbusDaemon,
  realBluezBus,
} from '../../../test/support/bluez-bus.ts';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { until } from '../../core/state.ts';
import { dbusVariant } from '../../protocols/dbus/values.ts';
import { BtHid, type BtHidOptions } from './hid.ts';

const OPTIONS: BtHidOptions = {
  ...{ manufacturer: 'PiKVM', product: 'HID Device', description: 'Keyboard & Mouse' },
  ...{ iface: 'hci0', alias: 'PiKVM HID', pairing_required: true, auth_required: false },
  ...{ control_public: true, unpair_on_close: true, max_clients: 1 },
  ...{ socket_timeout: 5, select_timeout: 1 },
};
const ALICE = '00:AA:01:01:00:24';
const BOB = '00:AA:01:02:00:24';
const ALICE_PATH = '/org/bluez/hci0/dev_00_AA_01_01_00_24';
const UP = ['a1010000000000000000', 'a10200000000'];
const see = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

/** A driver, and all that it may find; they go with the test. */
async function rig(
  options: Partial<BtHidOptions> = {},
  startBus: (bluez: FakeBluez) => Promise<BluezBus> = fakeBluezBus,
) {
  const bluez = new FakeBluez();
  const l2cap = new FakeL2cap();
  const log = recordingLog();
  const bus = await startBus(bluez);
  const start = () => {
    const system = { serveL2cap: l2cap.serve, bus: bus.path, retryMs: 20 };
    const hid = new BtHid({ ...OPTIONS, ...options }, { log, system });
    onTestFinished(() => hid[Symbol.asyncDispose]());
    return hid;
  };
  onTestFinished(() => bus[Symbol.asyncDispose]());
  return { bluez, l2cap, log, bus, start };
}

/** The same once the service is offered. */
async function offered(...given: Parameters<typeof rig>) {
  const all = await rig(...given);
  const hid = all.start();
  await see(() => expect(all.l2cap.options).toBeDefined());
  const isPublic = given[0]?.control_public ?? true;
  if (isPublic) await see(() => expect(all.bluez.property('Discoverable')).toBe(true));
  return { ...all, hid };
}

const told = (log: { readonly messages: readonly string[] }) =>
  log.messages.filter((message) => message.startsWith('warn'));

describe('the service', () => {
  it('is registered with BlueZ, and machines find it while one has a place', async () => {
    const { bluez, l2cap, hid } = await offered();
    expect(bluez.asked).toEqual([
      'Set Alias PiKVM HID',
      'RegisterProfile /org/bluez/hci0 00001124-0000-1000-8000-00805f9b34fb',
      'Set Powered true',
      'Set DiscoverableTimeout 0',
      'Set Pairable true',
      'Set Discoverable true',
    ]);
    expect(bluez.profile?.get('RequireAuthentication')).toEqual(dbusVariant('b', true));
    expect(bluez.profile?.get('RequireAuthorization')).toEqual(dbusVariant('b', false));
    expect(bluez.profile?.get('Role')).toEqual(dbusVariant('s', 'server'));
    expect(JSON.stringify(bluez.profile?.get('ServiceRecord'))).toContain('Keyboard &amp; Mouse');
    expect(l2cap.options).toMatchObject({
      ...{ address: '00:AA:01:00:00:42', psms: [17, 19], isSecure: true, backlog: 5 },
    });
    bluez.asked.length = 0;
    const machine = l2cap.connect(ALICE);
    await see(() => expect(bluez.asked).toEqual(['Set Pairable false', 'Set Discoverable false']));
    machine.control.end();
    await see(() => expect(bluez.property('Discoverable')).toBe(true));
    await hid[Symbol.asyncDispose]();
    expect(bluez.property('Discoverable')).toBe(false);
    expect(bluez.profile).toBeUndefined();
    expect(l2cap.options).toBeUndefined();
  });

  it('leaves the adapter as it is unless it may make it public', async () => {
    const { bluez, l2cap, hid } = await offered({ control_public: false });
    l2cap.connect(ALICE);
    await hid[Symbol.asyncDispose]();
    expect(bluez.asked.filter((call) => /able/.test(call))).toEqual([]);
  });

  it('needs no pairing and no permission when told so', async () => {
    const { bluez, l2cap } = await offered({ pairing_required: false, auth_required: true });
    expect(bluez.profile?.get('RequireAuthentication')).toEqual(dbusVariant('b', false));
    expect(bluez.profile?.get('RequireAuthorization')).toEqual(dbusVariant('b', true));
    expect(l2cap.options?.isSecure).toBe(false);
  });

  it.each([true, false])('forgets who has gone with unpair_on_close %s', async (unpairs) => {
    const { bluez, l2cap } = await offered({ iface: 'hci0', unpair_on_close: unpairs });
    bluez.paired.add(ALICE_PATH);
    bluez.asked.length = 0;
    l2cap.connect(ALICE).interrupt.end();
    await see(() => expect(bluez.asked.at(-1)).toBe('Set Discoverable true'));
    expect(bluez.paired.has(ALICE_PATH)).toBe(!unpairs);
  });

  it('forgets who came and went before it was all there', async () => {
    const { bluez, l2cap, start } = await rig();
    bluez.paired.add(ALICE_PATH);
    l2cap.onServed = () => l2cap.connect(ALICE).interrupt.end();
    start();
    await see(() => expect(bluez.property('Discoverable')).toBe(true));
    expect(bluez.paired.has(ALICE_PATH)).toBe(false);
  });

  it('forgets them on the adapter that is configured', async () => {
    const { bluez, l2cap, start } = await rig({ iface: 'hci7' });
    bluez.plug('hci7', '00:AA:01:00:00:77');
    start();
    await see(() => expect(bluez.property('Discoverable', 'hci7')).toBe(true));
    expect(l2cap.options?.address).toBe('00:AA:01:00:00:77');
    l2cap.connect(ALICE).interrupt.end();
    const path = '/org/bluez/hci7/dev_00_AA_01_01_00_24';
    await see(() => expect(bluez.asked).toContain(`RemoveDevice ${path}`));
  });

  it.each([true, false])(
    'forgets who went with bluetoothd as soon as that is back, with unpair_on_close %s',
    async (unpairs) => {
      const { bluez, bus, l2cap, hid } = await offered({ unpair_on_close: unpairs });
      bluez.paired.add(ALICE_PATH);
      l2cap.connect(ALICE);
      await see(() => expect(bluez.property('Discoverable')).toBe(false));
      await bus.setRunning(false);
      await until(hid.state, ({ online }) => !online);
      bluez.asked.length = 0;
      await bus.setRunning(true);
      await see(() => expect(bluez.asked.at(-1)).toBe('Set Discoverable true'));
      expect(bluez.paired.has(ALICE_PATH)).toBe(!unpairs);
      const forgotten = bluez.asked.filter((call) => call.startsWith('RemoveDevice'));
      expect(forgotten).toEqual(unpairs ? [`RemoveDevice ${ALICE_PATH}`] : []);
    },
  );

  it('that cannot forget a machine says so once, and goes on', async () => {
    const { bluez, bus, l2cap, log } = await offered();
    bluez.failing.set('RemoveDevice', 'org.bluez.Error.Failed');
    l2cap.connect(ALICE).interrupt.end();
    await see(() => expect(told(log)).toEqual(['warn A machine stays paired']));
    await bus.setRunning(false);
    await bus.setRunning(true);
    await see(() => expect(log.messages.at(-1)).toBe('info The Bluetooth adapter is back'));
    expect(told(log).filter((message) => message.includes('paired'))).toHaveLength(1);
  });

  it('disconnects a machine when BlueZ wants that', async () => {
    const { bluez, l2cap, hid } = await offered();
    const machine = l2cap.connect(ALICE);
    bluez.callProfile('RequestDisconnection', 'o', [ALICE_PATH]);
    await until(hid.state, ({ online }) => !online);
    expect([machine.control.isOpen, machine.interrupt.isOpen]).toEqual([false, false]);
  });
});

describe('a machine', () => {
  it('has the keyboard and mouse while it is connected', async () => {
    const { l2cap, hid } = await offered();
    expect(hid.state.value).toMatchObject({ online: false, connected: null });
    expect(hid.ready).toBe(false);
    hid.key('KeyA', true);
    const control = l2cap.open('control', ALICE);
    expect(hid.state.value.online).toBe(true);
    expect(hid.ready).toBe(false);
    const interrupt = l2cap.open('interrupt', ALICE);
    expect(hid.ready).toBe(true);
    expect(hid.state.value).toMatchObject({
      keyboard: { online: true, outputs: { available: [] } },
      mouse: { online: true, absolute: false, outputs: { available: [] } },
    });
    hid.key('ShiftLeft', true);
    hid.key('KeyB', true);
    hid.button('left', true);
    hid.move();
    hid.moveBy(5, -5);
    hid.wheel(1, 0);
    hid.wheel(0, 2);
    await hid.drained(0);
    expect(interrupt.got).toEqual([
      ...['a1010200000000000000', 'a1010200050000000000'],
      ...['a10201000000', 'a1020105fb00', 'a10201000002'],
    ]);
    interrupt.got.length = 0;
    hid.releaseAll();
    await hid.drained(0);
    expect(interrupt.got).toEqual(UP);
    expect(control.got).toEqual([]);
  });

  it('is answered on the control channel, and sets the lights by either', async () => {
    const { l2cap, hid } = await offered();
    const { control, interrupt } = l2cap.connect(ALICE);
    control.say('71');
    expect(control.got).toEqual(['00']);
    interrupt.say('a20102');
    expect(hid.state.value.keyboard.leds).toEqual({ caps: true, scroll: false, num: false });
    control.say('520105');
    expect(hid.state.value.keyboard.leds).toEqual({ caps: false, scroll: true, num: true });
    control.say('60');
    control.say('70');
    control.say('60');
    expect(control.got).toEqual(['00', '00', 'a001', '00', 'a000']);
    control.say('15');
    expect(hid.state.value).toMatchObject({
      ...{ online: false, keyboard: { leds: { caps: false, scroll: false, num: false } } },
    });
  });

  it('leaves nothing held down when it goes', async () => {
    const { l2cap, hid } = await offered();
    const before = l2cap.connect(ALICE);
    hid.key('ControlLeft', true);
    hid.button('left', true);
    await hid.drained(0);
    before.interrupt.end(new Error('recv: ECONNRESET'));
    expect(before.control.isOpen).toBe(false);
    await until(hid.state, ({ online }) => !online);
    const after = l2cap.connect(ALICE);
    hid.key('KeyA', true);
    hid.moveBy(1, 1);
    await hid.drained(0);
    expect(after.interrupt.got).toEqual(['a1010000040000000000', 'a10200010100']);
  });

  it('too many is refused, and those that have a place get the same', async () => {
    const { bluez, l2cap, hid } = await offered({ max_clients: 2 });
    const alice = l2cap.connect(ALICE);
    expect(bluez.property('Discoverable')).toBe(true);
    const bob = l2cap.connect(BOB);
    await see(() => expect(bluez.property('Discoverable')).toBe(false));
    const carol = l2cap.connect('00:AA:01:03:00:24');
    expect([carol.control.isOpen, carol.interrupt.isOpen]).toEqual([false, false]);
    hid.key('KeyA', true);
    await hid.drained(0);
    expect(alice.interrupt.got).toEqual(['a1010000040000000000']);
    expect(bob.interrupt.got).toEqual(alice.interrupt.got);
    alice.control.end();
    expect(hid.state.value.online).toBe(true);
    bob.interrupt.say('a20102');
    bob.control.end();
    expect(hid.state.value).toMatchObject({ online: false, keyboard: { leds: { caps: false } } });
  });

  it('that comes anew before its loss is known has the new channels', async () => {
    const { l2cap, hid } = await offered();
    const lost = l2cap.connect(ALICE);
    const again = l2cap.connect(ALICE);
    expect([lost.control.isOpen, lost.interrupt.isOpen]).toEqual([false, false]);
    hid.key('KeyA', true);
    await hid.drained(0);
    expect(again.interrupt.got).toEqual(['a1010000040000000000']);
  });

  it('is disconnected by a reset, and may come again', async () => {
    const { bluez, l2cap, hid } = await offered();
    bluez.paired.add(ALICE_PATH);
    const machine = l2cap.connect(ALICE);
    await see(() => expect(bluez.property('Discoverable')).toBe(false));
    await hid.reset();
    expect([machine.control.isOpen, machine.interrupt.isOpen]).toEqual([false, false]);
    expect(hid.state.value.online).toBe(false);
    await see(() => expect(bluez.property('Discoverable')).toBe(true));
    expect(bluez.paired.size).toBe(0);
    l2cap.connect(ALICE);
    expect(hid.ready).toBe(true);
  });

  it('that is slow gets everything in order, and steps that wait become one', async () => {
    const { l2cap, hid } = await offered();
    const { interrupt } = l2cap.connect(ALICE);
    interrupt.takes = false;
    hid.key('KeyA', true);
    hid.key('KeyA', false);
    for (let count = 0; count < 10; count += 1) hid.moveBy(1, 0);
    await see(() => expect(hid.backlog).toBe(3));
    interrupt.goOn();
    await hid.drained(0);
    expect(interrupt.got).toEqual(['a1010000040000000000', UP[0], 'a102000a0000']);
  });

  it('that takes no reports, or opens but one channel, is given up', async () => {
    const { l2cap, hid, log } = await offered({ socket_timeout: 0.1 });
    const { interrupt } = l2cap.connect(ALICE);
    interrupt.takes = false;
    hid.key('KeyA', true);
    await until(hid.state, ({ online }) => !online);
    expect(interrupt.isOpen).toBe(false);
    await see(() => expect(hid.backlog).toBe(0));
    const control = l2cap.open('control', BOB);
    await until(hid.state, ({ online }) => !online);
    expect(control.isOpen).toBe(false);
    expect(log.messages.filter((one) => one.includes('no longer connected'))).toHaveLength(2);
  });

  it('gets a release before the server ends', async () => {
    const { l2cap, hid } = await offered();
    const { interrupt } = l2cap.connect(ALICE);
    hid.key('KeyA', true);
    await hid.drained(0);
    await hid[Symbol.asyncDispose]();
    expect(interrupt.got).toEqual(['a1010000040000000000', ...UP]);
    expect(interrupt.isOpen).toBe(false);
  });
});

describe('trouble', () => {
  it.each([
    ['EACCES', 'CAP_NET_BIND_SERVICE'],
    ['EADDRINUSE', 'start bluetoothd with --noplugin=input'],
    ['EAFNOSUPPORT', 'modprobe bluetooth'],
  ])('%s of the channels is told once, and is over by itself', async (code, remedy) => {
    const { l2cap, log, start } = await rig();
    l2cap.error = Object.assign(new Error(code), { code });
    const hid = start();
    await see(() => expect(told(log).join()).toContain(remedy));
    expect(hid.state.value.online).toBe(false);
    l2cap.error = undefined;
    await see(() => expect(log.messages.at(-1)).toBe('info The Bluetooth adapter is back'));
    expect(told(log)).toHaveLength(1);
  });

  it.each([
    ['RegisterProfile', 'org.bluez.Error.NotPermitted', 'start it with --noplugin=input'],
    ['Set Powered', 'org.bluez.Error.Blocked', 'rfkill unblock bluetooth'],
    ['Set Alias', 'org.freedesktop.DBus.Error.AccessDenied', 'into the group bluetooth'],
    ['Set Discoverable', 'org.bluez.Error.Failed', 'bluetoothd refuses'],
  ])('%s that fails with %s is told once, and is over by itself', async (call, error, remedy) => {
    const { bluez, log, start } = await rig();
    bluez.failing.set(call, error);
    start();
    await see(() => expect(told(log).join()).toContain(remedy));
    bluez.failing.clear();
    await see(() => expect(bluez.property('Discoverable')).toBe(true));
    expect(told(log)).toHaveLength(1);
  });

  it('without a bus is told, and one that comes is used', async () => {
    const log = recordingLog();
    const system = { serveL2cap: new FakeL2cap().serve, bus: '/nope/bus', retryMs: 20 };
    const hid = new BtHid(OPTIONS, { log, system });
    await see(() => expect(told(log).join()).toContain('install dbus and bluez'));
    await hid[Symbol.asyncDispose]();
  });

  it('an adapter that is not there is told with those that are, and is used when it comes', async () => {
    const { bluez, log, start } = await rig({ iface: 'hci1' });
    start();
    await see(() => expect(told(log).join()).toContain('there is hci0'));
    bluez.plug('hci1');
    await see(() => expect(bluez.property('Discoverable', 'hci1')).toBe(true));
  });

  it.each<[string, (bluez: FakeBluez, bus: BluezBus) => unknown, string]>([
    ['an adapter that is pulled out', (bluez) => bluez.unplug('hci0'), 'adapter has gone'],
    [
      'an adapter that is switched off',
      (bluez) => bluez.change('Powered', dbusVariant('b', false)),
      'switched off',
    ],
    ['a bluetoothd that ends', (_, bus) => bus.setRunning(false), 'bluetoothd has gone'],
    ['a bus that ends', (_, bus) => bus.drop(), 'The D-Bus daemon has gone'],
    ['a profile that is withdrawn', (bluez) => bluez.callProfile('Release'), 'has withdrawn'],
  ])('%s takes everybody offline until it is back', async (_, fail, what) => {
    const { bluez, l2cap, bus, hid, log } = await offered();
    const machine = l2cap.connect(ALICE);
    hid.key('KeyA', true);
    await hid.drained(0);
    await fail(bluez, bus);
    await until(hid.state, ({ online }) => !online);
    expect(machine.interrupt.isOpen).toBe(false);
    await see(() => expect(told(log).join()).toContain(what));
    if (bluez.adapters.size === 0) bluez.plug('hci0');
    await bus.setRunning(true);
    await see(() => expect(log.messages.at(-1)).toBe('info The Bluetooth adapter is back'));
    await see(() => expect(bluez.property('Discoverable')).toBe(true));
    l2cap.connect(ALICE);
    expect(hid.ready).toBe(true);
  });
});

describe.skipIf(!hasDbusDaemon)("over a real D-Bus (Debian's package dbus-daemon)", () => {
  it('is offered, used, withdrawn, and back when bluetoothd is', async () => {
    const { bluez, l2cap, bus, hid, log } = await offered({}, realBluezBus);
    expect(bluez.profile?.get('Role')).toEqual(dbusVariant('s', 'server'));
    bluez.paired.add(ALICE_PATH);
    const { interrupt } = l2cap.connect(ALICE);
    hid.key('KeyA', true);
    await hid.drained(0);
    expect(interrupt.got).toEqual(['a1010000040000000000']);
    bluez.callProfile('RequestDisconnection', 'o', [ALICE_PATH]);
    await until(hid.state, ({ online }) => !online);
    await see(() => expect(bluez.paired.size).toBe(0));
    await bus.setRunning(false);
    await see(() => expect(told(log).join()).toContain('bluetoothd does not run'));
    await bus.setRunning(true);
    await see(() => expect(log.messages.at(-1)).toBe('info The Bluetooth adapter is back'));
    await hid[Symbol.asyncDispose]();
    expect(bluez.asked.slice(-3)).toEqual([
      ...['Set Pairable false', 'Set Discoverable false', 'UnregisterProfile /org/bluez/hci0'],
    ]);
  });

  it('says who is missing', async () => {
    const { bus, log, start } = await rig({}, realBluezBus);
    await bus.setRunning(false);
    start();
    await see(() => expect(told(log).join()).toContain('bluetoothd does not run'));
    bus.drop();
    await see(() => expect(told(log).join()).toContain('install dbus and bluez'));
  });
});
