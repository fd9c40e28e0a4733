import { expect, it } from 'vitest';
import { dumpConfig } from '../dump.ts';
import { type ConfigFiles, loadConfig } from '../load.ts';
import { PLATFORM_NAMES, type PlatformName } from './platforms.ts';

/** Files by path. */
const files = (texts: Readonly<Record<string, string>>): ConfigFiles => ({
  readText: async (path) => texts[path],
  listFiles: async () => undefined,
});
const load = (text: string, flags = {}) =>
  loadConfig({ file: '/c.yaml', flags }, files({ '/c.yaml': text }));
const preset = async (name: PlatformName) => (await load(`platform: ${name}\n`)).config.kvmd;

it.each(PLATFORM_NAMES)('%s is a configuration without a complaint', async (name) => {
  const { config, warnings, unsupported } = await load(`platform: ${name}\n`);
  expect([warnings, unsupported]).toEqual([[], []]);
  expect(config.platform).toBe(name);
  expect(config.kvmd.streamer.type).toBe('ustreamer');
});

it.each([
  ['v0-hdmi-rpi2', 'serial', 'disabled', 0],
  ['v0-hdmi-zero2w', 'serial', 'disabled', 5000],
  ['v0-hdmiusb-rpi3', 'serial', 'disabled', 0],
  ['v1-hdmi-rpi3', 'spi', 'disabled', 5000],
  ['v2-hdmi-zero2w', 'otg', 'otg', 5000],
  ['v2-hdmiusb-rpi4', 'otg', 'otg', 0],
  ['v3-hdmi-rpi4', 'otg', 'otg', 5000],
  ['v4mini-hdmi-rpi4', 'otg', 'otg', 5000],
  ['sbc', 'otg', 'otg', 0],
  ['pc', 'ch9329', 'disabled', 0],
] as const)('%s has keyboard %s, drive %s and %i kbit/s', async (name, hid, msd, bitrate) => {
  const kvmd = await preset(name);
  expect([kvmd.hid.type, kvmd.msd.type]).toEqual([hid, msd]);
  expect(kvmd.streamer.h264_bitrate.default).toBe(bitrate);
});

it.each([
  ['v0-hdmi-rpi3', ['24', '22', '23', '27']],
  ['v1-hdmiusb-zero2w', ['24', '22', '23', '27']],
  ['v2-hdmi-rpi4', ['24', '22', '23', '27']],
  ['v3-hdmi-rpi4', ['24', '22', '23', '27']],
  ['v4mini-hdmi-rpi4', ['4', '5', '23', '27']],
  ['v4plus-hdmi-rpi4', ['4', '5', '23', '27']],
] as const)('the front panel of %s is at the lines of PiKVM', async (name, pins) => {
  const { atx } = await preset(name);
  if (atx.type !== 'gpio') throw new Error('it has no lines');
  const { power_led_pin, hdd_led_pin, power_switch_pin, reset_switch_pin } = atx;
  expect([power_led_pin, hdd_led_pin, power_switch_pin, reset_switch_pin]).toEqual(pins);
});

it('the lines of V3 and V4 are those of PiKVM', async () => {
  const lines = async (name: PlatformName) =>
    Object.entries((await preset(name)).gpio.scheme).map(([channel, line]) => {
      if (line.mode !== 'output') throw new Error(`${channel} is an input`);
      const { pin, initial, switch: isSwitch, pulse, driver } = line;
      return [channel, pin, initial, isSwitch, pulse.delay, driver];
    });
  expect(await lines('v3-hdmi-rpi4')).toEqual([
    ['__v3_usb_breaker__', '5', true, true, 0, '__gpio__'],
  ]);
  for (const name of ['v4mini-hdmi-rpi4', 'v4plus-hdmi-rpi4'] as const) {
    expect(await lines(name)).toEqual([
      ['__v4_usb_breaker__', '22', true, true, 0, '__gpio__'],
      ['__v4_locator__', '12', false, true, 0, '__v4_locator__'],
      ['__v4_const1__', '6', false, false, 0, '__gpio__'],
    ]);
  }
  const { info, streamer } = await preset('v4plus-hdmi-rpi4');
  expect([info.fan.unix, info.hw.ignore_past, streamer.forever]).toEqual([
    ...['/run/kvmd/fan.sock', true, true],
  ]);
});

it('the video is that of PiKVM, without the sinks', async () => {
  const { streamer } = await preset('v2-hdmi-rpi4');
  expect(streamer.cmd).toEqual([
    ...['/usr/bin/ustreamer', '--device=/dev/kvmd-video', '--persistent'],
    ...['--desired-fps={desired_fps}', '--drop-same-frames=30', '--unix={unix}', '--unix-rm'],
    ...['--unix-mode=0660', '--exit-on-parent-death'],
    ...['--process-name-prefix={process_name_prefix}', '--notify-parent', '--no-log-colors'],
    ...['--dv-timings', '--workers=3', '--quality={quality}', '--format=uyvy'],
    ...['--encoder=m2m-image', '--buffers=6'],
  ]);
  expect(streamer.edid.preset).toBe('v2');
  expect((await preset('v2-hdmi-rpi3')).streamer.cmd).not.toContain('--buffers=6');
  const plus = (await preset('v4plus-hdmi-rpi4')).streamer.cmd;
  expect(plus).toEqual(expect.arrayContaining(['--format=rgb24', '--encoder=cpu', '--buffers=8']));
  const usb = (await preset('pc')).streamer;
  expect([usb.quality, usb.resolution.default]).toEqual([0, '1920x1080']);
  expect(usb.resolution.available).toHaveLength(11);
});

it('lies below what is written, and gives a part of another type nothing', async () => {
  const { config, warnings } = await load(
    'platform: v0-hdmi-rpi3\nkvmd: {hid: {type: ch9329, device: /dev/ttyUSB0}, atx: {hdd_led_pin: 5}}\n',
    { kvmd: { msd: { type: 'qemu' } } },
  );
  expect(warnings).toEqual([]);
  const { hid, atx, msd } = config.kvmd;
  expect(hid).toMatchObject({ type: 'ch9329', device: '/dev/ttyUSB0', speed: 9600 });
  expect(atx).toMatchObject({ type: 'gpio', hdd_led_pin: '5', power_led_pin: '24' });
  expect(msd.type).toBe('qemu');
});

it('must be one that is known', async () => {
  await expect(load('\nplatform: v9\n')).rejects.toThrow(
    /^\/c.yaml:2: platform: "v9" is not allowed/,
  );
});

it('of a PiKVM is the one that its own file names, below what is written', async () => {
  const texts = {
    '/etc/kvmd/override.yaml': 'kvmd: {atx: {hdd_led_pin: 6}}\n',
    '/usr/lib/kvmd/platform': 'PIKVM_MODEL=v4plus\nPIKVM_VIDEO=hdmi\nPIKVM_BOARD=rpi4\n',
  };
  const sources = { pikvm: '/etc/kvmd/override.yaml' };
  const { config, unsupported } = await loadConfig(sources, files(texts));
  expect(unsupported).toEqual([]);
  expect(config.platform).toBe('v4plus-hdmi-rpi4');
  expect(config.kvmd.atx).toMatchObject({ power_led_pin: '4', hdd_led_pin: '6' });
  const own = { ...sources, flags: { platform: 'v2-hdmi-rpi4' } };
  expect((await loadConfig(own, files(texts))).config.kvmd.atx).toMatchObject({
    power_led_pin: '24',
  });
  const unknown = { ...texts, '/usr/lib/kvmd/platform': 'PIKVM_MODEL=v9\n' };
  expect((await loadConfig(sources, files(unknown))).config.kvmd.hid.type).toBe('otg');
});

it('is told as the origin of its values in a dump, beside files and the command line', async () => {
  const { config, tree } = await load(
    'platform: v3-hdmi-rpi4\n\nkvmd: {streamer: {quality: 70}}\n',
    {
      server: { port: 1 },
    },
  );
  const text = dumpConfig(config, { origin: tree });
  expect(text).toMatch(/^platform: v3-hdmi-rpi4 # \/c.yaml:1$/m);
  expect(text).toMatch(/^ {2}port: 1 # command line$/m);
  expect(text).toMatch(/^ {4}quality: 70 # \/c.yaml:3$/m);
  expect(text).toMatch(/^ {4}cmd:\n {6}# platform v3-hdmi-rpi4\n {6}- \/usr\/bin\/ustreamer$/m);
  expect(text).toMatch(/^ {4}forever: false$/m);
  expect((await load(text)).config).toEqual(config);
});
