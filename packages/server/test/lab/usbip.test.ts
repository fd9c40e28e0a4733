import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BOARD, boardOf, HOST, startGadget, stopGadget } from './support/board.ts';
import { EV, InputDevice } from './support/input-device.ts';
import { LabMachine } from './support/lab-machine.ts';
import { crossNetwork, plugNetwork } from './support/network-cable.ts';
import { crossSerial } from './support/serial-cable.ts';
import { soon } from './support/soon.ts';
import { USBIP_UDC, UsbipSocket } from './support/usbip-socket.ts';

/**
 * USB/IP's controller has 15 endpoints in each direction, of every kind. Isochronous ones are there to be
 * seen: what is sent through them it refuses (drivers/usb/usbip/vudc_transfer.c).
 */
const OTG = { udc: USBIP_UDC, endpoints: 30 };
/** The card of our end, and the one that the machine has made of the gadget. */
const [OURS, THEIRS] = ['UAC2Gadget', 'Device'];
const KEY_A = 30;

let machine: LabMachine;
let socket: UsbipSocket;
beforeAll(async () => {
  machine = await LabMachine.start({ modules: [['vhci-hcd'], ['usbip-vudc']] });
  socket = await UsbipSocket.open(machine);
});
afterAll(async () => {
  await socket?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

/** What the machine's driver has found out of the sound card, of each direction. */
async function streams() {
  const found = new Map<string, string>();
  const text = await soon(() => machine.text(`/proc/asound/${THEIRS}/stream0`));
  for (const [, name = '', of = ''] of text.matchAll(/^(Playback|Capture):\n((?: .*\n?)*)/gm)) {
    const value = (key: string) => new RegExp(`^ +${key}: (.*)$`, 'm').exec(of)?.[1];
    found.set(name, ['Format', 'Channels', 'Rates'].map(value).join(' '));
  }
  return Object.fromEntries(found);
}

/** The format of `otg.devices.audio`. */
const FORMAT = 'S16_LE 2 48000';
const plugSound = async (audio: object) => {
  await startGadget(machine, boardOf({ audio: { enabled: true, ...audio } }, OTG));
  await socket.plug();
};

describe('a sound card', () => {
  it.each([
    { what: 'a microphone', audio: {}, found: { Capture: FORMAT } },
    {
      what: 'speakers',
      audio: { speakers: { enabled: true }, mic: { enabled: false } },
      found: { Playback: FORMAT },
    },
  ])('is $what alone when the configuration says so', async ({ audio, found }) => {
    onTestFinished(() => stopGadget(machine));
    await plugSound(audio);
    expect(await streams()).toEqual(found);
  });
});

describe('a sound card of both directions', () => {
  beforeAll(() => plugSound({ speakers: { enabled: true } }));
  afterAll(() => stopGadget(machine));

  it('is there at both ends', async () => {
    expect(await streams()).toEqual({ Playback: FORMAT, Capture: FORMAT });
    const cards = await machine.text('/proc/asound/cards');
    expect(cards).toContain('UAC2_Gadget - UAC2_Gadget');
    expect(cards).toContain('USB-Audio - PiKVM Composite Device');
  });

  it('tells us how loud the machine has set it', async () => {
    const set = async (name: string, value: string) => {
      await machine.run(['amixer', '-c', THEIRS, 'cset', `name=${name}`, value]);
    };
    const ours = async (name: string) => {
      const { out } = await machine.run(['amixer', '-c', OURS, 'cget', `name=${name}`]);
      return /: values=(.*)/.exec(out.toString())?.[1];
    };
    await set('Playback Volume Playback Volume', '40%');
    await set('Capture Volume Capture Switch', 'off');
    expect(await ours('PCM Capture Volume')).toBe('40');
    expect(await ours('PCM Playback Switch')).toBe('off');
  });

  it('gets no samples through this controller, and says so', async () => {
    const format = ['-f', 'S16_LE', '-r', '48000', '-c', '2', '-d', '1'];
    const record = ['arecord', '-q', '-D', `hw:${THEIRS}`, ...format, '/dev/null'];
    const { code, err } = await machine.tryRun(record);
    expect([code, err]).toEqual([1, expect.stringContaining('Input/output error')]);
  });
});

describe('a gadget of everything at once', () => {
  const DISC = '/run/disc.iso';
  const disc = randomBytes(1 << 20);
  const EVERYTHING = {
    kvmd: BOARD.kvmd,
    otg: {
      ...{ ...BOARD.otg, ...OTG },
      devices: {
        msd: { default: { file: DISC } },
        drives: { enabled: true, count: 2 },
        ethernet: { enabled: true, driver: 'ncm' },
        serial: { enabled: true },
        audio: { enabled: true, speakers: { enabled: true } },
      },
    },
  };
  beforeAll(async () => {
    await machine.write(DISC, disc);
    await startGadget(machine, EVERYTHING);
    await socket.plug();
  });
  afterAll(() => stopGadget(machine));

  it('is taken by a driver of the machine in each of its interfaces, in their order', async () => {
    const drivers = [
      ...['usbhid', 'usbhid', 'usbhid', 'usb-storage', 'usb-storage', 'usb-storage'],
      ...['cdc_ncm', 'cdc_ncm', 'cdc_acm', 'cdc_acm'],
      ...['snd-usb-audio', 'snd-usb-audio', 'snd-usb-audio'],
    ];
    const links = drivers.map((_, index) => `${HOST}:1.${index}/driver`);
    await soon(async () => {
      const { out } = await machine.run(['readlink', ...links]);
      expect(out.toString().match(/[^/\n]+$/gm)).toEqual(drivers);
    });
    expect(await machine.text(`${HOST}/bNumInterfaces`)).toBe(String(drivers.length));
  });

  it('says which of its ends are here', async () => {
    const { out } = await machine.loadedOtg(EVERYTHING, 'status');
    expect(out).toContain(`
  + ncm.usb0           3  Ethernet  usb0
  + acm.usb0           3  Serial Port  /dev/ttyGS0
  + uac2.usb0          3  Speakers+Microphone
Endpoints: 18 of 30
`);
  });

  it('passes reports, blocks, bytes and packets', async () => {
    await using keyboard = await InputDevice.open(machine, 0);
    await machine.write('/dev/hidg0', Buffer.of(0, 0, 4, 0, 0, 0, 0, 0));
    await machine.write('/dev/hidg0', Buffer.alloc(8));
    expect(await keyboard.take(2)).toEqual([
      [EV.key, KEY_A, 1],
      [EV.key, KEY_A, 0],
    ]);
    expect((await soon(() => machine.run(['cat', '/dev/sr0']))).out.equals(disc)).toBe(true);
    await crossSerial(machine, '/dev/ttyACM0', '/dev/ttyGS0');
    await plugNetwork(machine);
    await crossNetwork(machine);
    expect(await streams()).toMatchObject({ Playback: expect.any(String) });
  });
});
