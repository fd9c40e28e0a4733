import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import type { DvSignal } from '../../drivers/linux/dv-signal.ts';
import { doctorCommand } from './doctor.ts';

/** Files of a computer, by path; a value that begins with `->` is a link to another path. */
type Files = Readonly<Record<string, string>>;

interface Computer {
  readonly files: Files;
  readonly programs?: readonly string[];
  readonly formats?: readonly string[];
  readonly signal?: DvSignal['kind'];
}

const PASSWD = 'root:x:0:0::/root:/bin/sh\ncrashcart:x:990:990::/var/lib/crashcart:/bin/false\n';
const SERVICE = {
  'etc/passwd': PASSWD,
  'etc/group':
    'video:x:44:crashcart\ndialout:x:20:crashcart\ngpio:x:997:crashcart\ncrashcart:x:990:\n',
};
const BOTH = ['ustreamer', 'ffmpeg', 'tesseract'];

const usb = (path: string, id: string): Files => ({
  [`sys/devices/${path}/idVendor`]: `${id.split(':')[0]}\n`,
  [`sys/devices/${path}/idProduct`]: `${id.split(':')[1]}\n`,
});
const video = (name: string, title: string, device: string, index = 0): Files => ({
  [`sys/class/video4linux/${name}/name`]: `${title}\n`,
  [`sys/class/video4linux/${name}/index`]: `${index}\n`,
  [`sys/class/video4linux/${name}/device`]: `->sys/devices/${device}`,
});
const model = (text: string): Files => ({ 'proc/device-tree/model': `${text}\0` });
const MS2109 = {
  ...usb('usb1/1-2', '534d:2109'),
  'sys/devices/usb1/1-2/1-2:1.0/uevent': '',
  ...video('video0', 'USB Video: USB Video', 'usb1/1-2/1-2:1.0'),
  ...video('video1', 'USB Video: USB Video', 'usb1/1-2/1-2:1.0', 1),
  'dev/video0': '',
  'dev/v4l/by-id/usb-MACROSILICON_USB_Video-video-index0': '->dev/video0',
};
const CH9329 = {
  ...usb('usb1/1-3', '1a86:7523'),
  'sys/devices/usb1/1-3/1-3:1.0/ttyUSB0/uevent': '',
  'sys/class/tty/ttyUSB0/device': '->sys/devices/usb1/1-3/1-3:1.0/ttyUSB0',
  'sys/class/tty/ttyS0/uevent': '',
  'dev/ttyUSB0': '',
  'dev/serial/by-id/usb-1a86_USB_Serial-if00-port0': '->dev/ttyUSB0',
};
const CHIP = { 'sys/devices/csi/uevent': '', ...video('video0', 'unicam-image', 'csi') };
const UDC = { 'sys/class/udc/fe980000.usb/state': 'not attached\n' };
const GADGETS = { 'sys/kernel/config/usb_gadget/.keep': '' };
const LINES = { 'sys/bus/gpio/devices/gpiochip0/dev': '254:0\n' };

function computer({ files, programs = BOTH, formats = [], signal = 'unknown' }: Computer) {
  const root = mkdtempSync(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    if (text.startsWith('->'))
      symlinkSync(relative(dirname(place), join(root, text.slice(2))), place);
    else writeFileSync(place, text);
  }
  const run = async (...argv: string[]) => {
    let out = '';
    let err = '';
    const io = {
      stdin: Readable.from([]),
      stdout: { write: (part: string) => (out += part) },
      stderr: { write: (part: string) => (err += part) },
    };
    const code = await doctorCommand(argv, io, {
      root,
      programs: async () => new Map(programs.map((name) => [name, '4.9'])),
      packages: () => ['koffi'],
      videos: {
        signalOf: async () => ({ kind: signal }) as DvSignal,
        formatsOf: async () => formats,
      },
    });
    return { code, out, err };
  };
  return { root, run };
}

/** The proposal, after crashcart itself has read it. */
async function proposed(out: string) {
  const text = out.slice(out.search(/^# /m));
  const files = { readText: async () => text, listFiles: async () => undefined };
  const { config, warnings } = await loadConfig({ file: '/proposal.yaml' }, files);
  expect(warnings).toEqual([]);
  return { text: parse(text) as unknown, config };
}

describe('a board with an HDMI input of its own', () => {
  const board = {
    ...{ ...model('Orange Pi 5 Plus'), ...UDC, ...GADGETS, ...LINES, ...SERVICE },
    'sys/devices/hdmirx/uevent': '',
    ...video('video0', 'stream_hdmirx', 'hdmirx'),
    'dev/video0': '',
    'dev/v4l/by-path/platform-hdmirx-video-index0': '->dev/video0',
  };
  const node = '/dev/v4l/by-path/platform-hdmirx-video-index0';

  it.each([
    [['NV12', 'BGR3', 'YUYV'], 'yuyv'],
    [['BGR3'], 'bgr24'],
    [[], 'uyvy'],
  ])('uses it, with a format of %s', async (formats, format) => {
    const { run } = computer({ files: board, formats, signal: 'present' });
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain('+ video:       HDMI input at /dev/video0 (stream_hdmirx)');
    const { text, config } = await proposed(out);
    expect(text).toMatchObject({ platform: 'sbc' });
    expect(config.kvmd.streamer).toMatchObject({
      cmd_append: [`--device=${node}`, `--format=${format}`, '--dv-timings'],
      edid: { device: node, preset: 'v2' },
    });
  });
});

describe('a Raspberry Pi 4 with an HDMI chip', () => {
  const pi = { ...model('Raspberry Pi 4 Model B Rev 1.5'), ...CHIP, ...UDC, ...LINES, ...SERVICE };

  it('that has all of it misses nothing', async () => {
    const { run } = computer({ files: { ...pi, ...GADGETS }, signal: 'present' });
    const { code, out } = await run();
    expect([code, out.match(/^!.*/gm)]).toEqual([0, null]);
    expect(out).toContain(
      '+ video:       HDMI input at /dev/video0 (unicam-image), signal: present\n',
    );
    const { text, config } = await proposed(out);
    expect(text).toEqual({ platform: 'v2-hdmi-rpi4' });
    expect(config.kvmd.atx).toMatchObject({ type: 'gpio', power_led_pin: '24' });
  });

  it('is told how to get gadgets and a display', async () => {
    const { run } = computer({ files: pi, signal: 'absent' });
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out.match(/^!.*/gm)).toEqual(['! keyboard:    the kernel offers no gadgets yet']);
    expect(out).toContain('    -> modprobe libcomposite\n');
    expect(out).toContain('    -> systemctl enable --now crashcart-edid\n');
  });

  it('that PiKVM set up is what its own file says', async () => {
    const names = 'PIKVM_MODEL=v4plus\nPIKVM_VIDEO=hdmi\nPIKVM_BOARD=rpi4\n';
    const { run } = computer({ files: { ...pi, ...GADGETS, 'usr/lib/kvmd/platform': names } });
    const { config } = await proposed((await run()).out);
    expect(config.kvmd.atx).toMatchObject({ power_led_pin: '4' });
  });

  it('is told of a low voltage, and of its watchdog', async () => {
    const low = { 'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n' };
    const { run } = computer({ files: { ...pi, ...GADGETS, ...low, 'dev/watchdog0': '' } });
    const { code, out } = await run();
    expect([code, out.match(/^!.*/gm)]).toEqual([
      ...[1, ['! power:       the voltage of this board is too low']],
    ]);
    expect(out).toContain('RuntimeWatchdogSec=15');
  });
});

it('a bare Raspberry Pi Zero 2 is told the lines of its config.txt that are lacking', async () => {
  const files = {
    ...model('Raspberry Pi Zero 2 W Rev 1.0'),
    ...LINES,
    ...SERVICE,
    'boot/firmware/config.txt': '[all]\ngpu_mem=128\n',
  };
  const { code, out } = await computer({ files }).run();
  expect(code).toBe(1);
  const add = 'add to /boot/firmware/config.txt, below [all], and restart:';
  expect(out).toContain(`    -> ${add} dtoverlay=dwc2,dr_mode=peripheral\n`);
  expect(out).toContain(
    `    -> or with an HDMI chip at the camera port, ${add} dtoverlay=tc358743\n`,
  );
  expect(out).not.toContain('restart: gpu_mem');
  const enough = { ...files, 'boot/firmware/config.txt': 'dtoverlay=dwc2,dr_mode=peripheral\n' };
  expect((await computer({ files: enough }).run()).out).toContain('config.txt has what is needed');
});

it('another board with a USB device port and an unknown grabber is generic', async () => {
  const grabber = {
    ...usb('usb2/2-1', '1bcf:2281'),
    'sys/devices/usb2/2-1/2-1:1.0/uevent': '',
    ...video('video2', 'Some Grabber', 'usb2/2-1/2-1:1.0'),
  };
  const files = { ...model('Xunlong Orange Pi 5'), ...grabber, ...UDC, ...GADGETS, ...SERVICE };
  const { code, out } = await computer({ files, formats: ['YUYV'] }).run();
  expect(code).toBe(0);
  expect(out).toContain('/dev/video2 is "Some Grabber" (1bcf:2281)');
  expect(out).toContain('it gives YUYV');
  expect((await proposed(out)).text).toEqual({
    platform: 'sbc',
    kvmd: { streamer: { cmd_append: ['--device=/dev/video2', '--format=yuyv'] } },
  });
});

describe('a PC with a grabber and a CH9329', () => {
  it('is proposed both by names that stay', async () => {
    const { code, out } = await computer({ files: { ...MS2109, ...CH9329, ...SERVICE } }).run();
    expect(code).toBe(0);
    expect(out).toContain('MacroSilicon MS2109 at /dev/video0 (534d:2109)');
    const { text, config } = await proposed(out);
    expect(text).toEqual({
      platform: 'pc',
      kvmd: {
        hid: { type: 'ch9329', device: '/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0' },
        streamer: {
          cmd_append: ['--device=/dev/v4l/by-id/usb-MACROSILICON_USB_Video-video-index0'],
        },
      },
    });
    expect(config.kvmd.hid.type).toBe('ch9329');
  });

  it('is told the programs, the user and the groups that are lacking', async () => {
    const files = { ...MS2109, ...CH9329, ...SERVICE, 'etc/group': 'video:x:44:\ndialout:x:20:\n' };
    const { code, out } = await computer({ files, programs: ['ffmpeg'] }).run();
    expect(code).toBe(1);
    expect(out).toContain('-> apt-get install --no-install-recommends ustreamer tesseract-ocr\n');
    expect(out).toContain('-> usermod -aG video,dialout crashcart\n');
    const nobody = await computer({ files: { ...files, 'etc/passwd': '' } }).run();
    expect(nobody.out).toContain('! user:        there is no user crashcart for the service\n');
  });

  it('has a keyboard of PiKVM where its bridge is', async () => {
    const bridge = Object.entries(CH9329).map(([path, text]) => [
      path,
      text.replace('1a86', '1209').replace('7523', 'eda3'),
    ]);
    const files = { ...MS2109, ...Object.fromEntries(bridge), ...SERVICE } as Files;
    const { config } = await proposed((await computer({ files }).run()).out);
    expect(config.kvmd.hid.type).toBe('serial');
  });
});

it('a container with nothing gets a QEMU machine', async () => {
  const { code, out } = await computer({ files: {}, programs: [] }).run();
  expect(code).toBe(1);
  expect(out).toContain('a PC or a container: no hardware for another machine');
  const { text, config } = await proposed(out);
  expect([text, config.kvmd.hid.type]).toEqual([{}, 'qemu']);
});

it('writes what it proposes, but over nothing', async () => {
  const { root, run } = computer({ files: { ...MS2109, ...CH9329, ...SERVICE } });
  const path = join(root, 'core.yaml');
  expect((await run('--write', path)).code).toBe(0);
  expect(parse(readFileSync(path, 'utf8'))).toMatchObject({ platform: 'pc' });
  writeFileSync(path, 'mine');
  expect(await run('--write', path)).toMatchObject({
    ...{ code: 1, err: `${path} is there already, and is left as it is\n` },
  });
  expect(readFileSync(path, 'utf8')).toBe('mine');
});

it('tells programs all of it', async () => {
  const { run } = computer({ files: { ...MS2109, ...CH9329, ...SERVICE } });
  const told = JSON.parse((await run('--json')).out) as Record<string, unknown>;
  expect(told).toMatchObject({
    box: { programs: { ustreamer: '4.9' }, videos: [{ node: '/dev/video0', usbId: '534d:2109' }] },
    proposal: { platform: 'pc' },
  });
  expect((await run('--nonsense')).code).toBe(2);
});
