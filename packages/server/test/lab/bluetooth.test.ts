import { keyFrame } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hidSdpRecord } from '../../src/protocols/hid-sdp-record.ts';
import { hidpReportDescriptor } from '../../src/protocols/hidp.ts';
import { BluetoothHost } from './support/bluetooth-host.ts';
import { BLUETOOTHD, Bluez } from './support/bluez.ts';
import { figure } from './support/figures.ts';
import { EV, InputDevice, inputEvents } from './support/input-device.ts';
import { LabMachine } from './support/lab-machine.ts';
import { ADDRESS, Radio } from './support/radio.ts';
import { soon } from './support/soon.ts';

/** Codes of keys, axes and lights (Linux uapi/linux/input-event-codes.h). */
const KEY = { a: 30, b: 48, leftShift: 42 } as const;
const BUTTON = { left: 0x110 } as const;
const REL = { x: 0, y: 1, wheel: 8, wheelHiRes: 11 } as const;
const LED = { num: 0, caps: 1, scroll: 2 } as const;

const none = { type: 'disabled' };
const NAMES = { product: 'A <keyboard>', description: 'Keys & more', manufacturer: 'crashcart' };
const CONFIG = {
  kvmd: { hid: { type: 'bt', alias: 'Lab board', ...NAMES }, msd: none, atx: none, streamer: none },
};
const OURS = '/org/bluez/hci0';
/** What bluetoothd knows of the machine, and of us at the other adapter or in another computer. */
const MACHINE_AT_OURS = `${OURS}/dev_${ADDRESS.hci1.replaceAll(':', '_')}`;
const usAt = (adapter: string) => `/org/bluez/${adapter}/dev_${ADDRESS.hci0.replaceAll(':', '_')}`;
const US = usAt('hci1');
/** The machine's half of the profile, and its devices. */
const HOST_MODULES = [['hidp'], ['hid_generic'], ['evdev']] as const;
/** Where another computer has its controller. */
const HCI_PORT = 4003;
/** Reports at once: about as many as evdev keeps for a reader that has no turn. */
const BURST = 16;
const BURSTS = 10;

let machine: LabMachine;
let radio: Radio;
let bluez: Bluez;
/** Our services as the machine has read them, as XML. */
let services = '';
beforeAll(async () => {
  machine = await LabMachine.start({ modules: HOST_MODULES, ports: [HCI_PORT] });
  radio = await Radio.start(machine, 'hci0', 'hci1');
  bluez = await Bluez.start(machine, BLUETOOTHD.ours, 'hci0', 'hci1');
  await machine.serve(CONFIG, { capabilities: ['net_bind_service'] });
  await isPublic(true);
  services = await bluez.browse('hci1', ADDRESS.hci0);
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const hid = () => machine.api.call('hid');
const isOnline = (online: boolean) => soon(async () => expect((await hid()).online).toBe(online));
const isPublic = (open: boolean) =>
  soon(async () => {
    const seen = await bluez.properties(OURS, 'Adapter1', 'Alias', 'Discoverable', 'Pairable');
    expect(seen).toEqual(['Lab board', open, open]);
  });
/** Connects, and opens what the machine's kernel has then. */
const connect = async () => {
  const host = await BluetoothHost.connect(machine, descriptorIn(services));
  const keyboard = await InputDevice.open(machine, BluetoothHost.devices.keyboard);
  const mouse = await InputDevice.open(machine, BluetoothHost.devices.mouse);
  const dispose = async () => {
    for (const each of [keyboard, mouse, host]) await each[Symbol.asyncDispose]();
  };
  return { host, keyboard, mouse, [Symbol.asyncDispose]: dispose };
};
const descriptorIn = (record: string) =>
  /<uint8 value="0x22" \/><text encoding="hex" value="([\da-f]+)"/.exec(record)?.[1] ?? '';

describe('a machine in range', () => {
  it('finds us under our name', async () => {
    const { out } = await machine.run(['hcitool', '-i', 'hci1', 'scan', '--length=1']);
    expect(out.toString()).toContain(`${ADDRESS.hci0}\tLab board`);
  });

  it('reads our service record', () => {
    const reportDescriptor = hidpReportDescriptor();
    const attributes = hidSdpRecord({ ...NAMES, reportDescriptor }).match(/<attribute.+/g);
    expect(attributes).toHaveLength(23);
    for (const attribute of attributes ?? []) expect(services).toContain(attribute);
  });

  it('pairs, without a number', async () => {
    await bluez.call(US, 'Device1', 'Pair');
    const seen = await bluez.properties(MACHINE_AT_OURS, 'Device1', 'Paired', 'Connected');
    expect(seen).toEqual([true, true]);
  });
});

describe('a machine that is connected', () => {
  let connection: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    connection = await connect();
  });
  afterAll(async () => {
    await connection?.host.leave();
    await connection?.[Symbol.asyncDispose]();
    await isPublic(true);
  });

  it('is answered, has us online, and nobody else finds us', async () => {
    expect(connection.host.answer).toBe('00');
    expect(await hid()).toMatchObject({
      ...{ online: true, keyboard: { online: true } },
      mouse: { online: true, absolute: false },
    });
    await isPublic(false);
  });

  it('gets what the API is told', async () => {
    await machine.api.call('hidSendKey', { key: 'ShiftLeft', state: true });
    await machine.api.call('hidSendKey', { key: 'KeyA' });
    await machine.api.call('hidSendKey', { key: 'ShiftLeft', state: false });
    expect(await connection.keyboard.take(4)).toEqual([
      [EV.key, KEY.leftShift, 1],
      [EV.key, KEY.a, 1],
      [EV.key, KEY.a, 0],
      [EV.key, KEY.leftShift, 0],
    ]);
    await machine.api.call('hidSendMouseRelative', { delta_x: 100, delta_y: -7 });
    await machine.api.call('hidSendMouseButton', { button: 'left', state: true });
    await machine.api.call('hidSendMouseButton', { button: 'left', state: false });
    await machine.api.call('hidSendMouseWheel', { delta_x: 0, delta_y: -3 });
    expect(await connection.mouse.take(6)).toEqual([
      [EV.rel, REL.x, 100],
      [EV.rel, REL.y, -7],
      [EV.key, BUTTON.left, 1],
      [EV.key, BUTTON.left, 0],
      [EV.rel, REL.wheel, -3],
      [EV.rel, REL.wheelHiRes, -360],
    ]);
  });

  it('sets the lights', async () => {
    for (const [name, code] of Object.entries(LED)) {
      for (const value of [1, 0]) {
        await machine.write(connection.keyboard.path, inputEvents([EV.led, code, value]));
        await soon(async () => {
          expect((await hid()).keyboard.leds).toMatchObject({ [name]: value === 1 });
        });
      }
    }
    await connection.keyboard.take(6);
  });

  it(`loses none of ${BURSTS * BURST} reports in bursts, and keeps their order`, async () => {
    const events = machine.api.events();
    await events.opened;
    const startedMs = performance.now();
    for (let count = 0; count < BURSTS; count += 1) {
      const expected = Array.from({ length: BURST }, (_, index) => [
        ...[EV.key, index % 4 < 2 ? KEY.a : KEY.b, 1 - (index % 2)],
      ]);
      for (const [, code, value] of expected) {
        events.sendFrame(keyFrame(code === KEY.a ? 'KeyA' : 'KeyB', value === 1));
      }
      expect(await connection.keyboard.take(BURST)).toEqual(expected);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    figure(`${BURSTS * BURST} key reports by Bluetooth, all in order`, seconds, 's');
    events.close();
  });
});

describe('a machine that comes', () => {
  const finds = 'finds nothing held down, and may pair anew';
  const arrive = async () => {
    const connection = await connect();
    await isOnline(true);
    await machine.api.call('hidSendKey', { key: 'KeyB' });
    expect(await connection.keyboard.take(2)).toEqual([
      [EV.key, KEY.b, 1],
      [EV.key, KEY.b, 0],
    ]);
    return connection;
  };
  const nothing = async () => undefined;

  it.each<[string, (host: BluetoothHost) => Promise<unknown>, () => Promise<void>]>([
    ['disconnects', (host) => host.leave(), nothing],
    ['unplugs the virtual cable', (host) => host.unplug(), nothing],
    ['goes out of range', () => bluez.call(US, 'Device1', 'Disconnect'), nothing],
    ['is disconnected by a reset', () => machine.api.call('hidReset'), nothing],
    ['loses bluetoothd', () => bluez.killDaemon(), () => bluez.startDaemon()],
    ['loses the adapter', () => radio.unplug(), () => radio.plug()],
  ])(`${finds}, and %s`, async (_, end, heal) => {
    await using connection = await arrive();
    await machine.api.call('hidSendKey', { key: 'ShiftLeft', state: true });
    await connection.keyboard.take(1);
    await end(connection.host);
    await isOnline(false);
    await heal();
    await isPublic(true);
    expect(await bluez.objects()).not.toContain(MACHINE_AT_OURS);
  });

  it(`${finds}, after all that`, async () => {
    await using connection = await arrive();
    await connection.host.leave();
    await isPublic(true);
  });
});

describe("another computer, with Linux and Debian's bluetoothd", () => {
  let computer: LabMachine;
  let daemon: Bluez;
  beforeAll(async () => {
    radio.relay(HCI_PORT);
    const modules = [['hci_uart'], ...HOST_MODULES] as const;
    computer = await LabMachine.start({ modules, serial: machine.port(HCI_PORT) });
    computer.spawn(['btattach', '--bredr', '/dev/ttyS1', '--protocol', 'h4', '--speed', '115200']);
    daemon = await Bluez.start(computer, BLUETOOTHD.debian, 'hci0');
  });
  afterAll(() => computer?.[Symbol.asyncDispose]());

  it('finds us, pairs, and has a keyboard and mouse', async () => {
    const us = usAt('hci0');
    const { out } = await computer.run(['hcitool', 'scan', '--length=1']);
    expect(out.toString()).toContain(`${ADDRESS.hci0}\tLab board`);
    await daemon.browse('hci0', ADDRESS.hci0);
    // It has keyboards only from whom it keeps.
    await daemon.set('/org/bluez/hci0', 'Adapter1', 'Pairable', 'b', 'true');
    await daemon.call(us, 'Device1', 'Pair');
    await daemon.call(us, 'Device1', 'Connect');
    await isOnline(true);
    await using keyboard = await InputDevice.open(computer, 'Lab board Keyboard');
    await using mouse = await InputDevice.open(computer, 'Lab board Mouse');
    await machine.api.call('hidSendKey', { key: 'KeyA' });
    expect(await keyboard.take(2)).toEqual([
      [EV.key, KEY.a, 1],
      [EV.key, KEY.a, 0],
    ]);
    await machine.api.call('hidSendMouseRelative', { delta_x: 5, delta_y: -7 });
    expect(await mouse.take(2)).toEqual([
      [EV.rel, REL.x, 5],
      [EV.rel, REL.y, -7],
    ]);
    await computer.write(keyboard.path, inputEvents([EV.led, LED.caps, 1]));
    await soon(async () => expect((await hid()).keyboard.leds).toMatchObject({ caps: true }));
    await daemon.call(us, 'Device1', 'Disconnect');
    await isOnline(false);
  });
});
