import { expect, it } from 'vitest';
import { type Command, fillCommand } from './ustreamer-command.ts';
import { probeUstreamer } from './ustreamer-probe.ts';

const VALUES = {
  ...{ unix: '/run/u.sock', process_name_prefix: 'kvmd/streamer', desired_fps: '30' },
  ...{ quality: '80', resolution: undefined },
};
/** A part of PiKVM's for an HDMI bridge. */
const PIKVM: Command = [
  '/usr/bin/ustreamer',
  ...['--unix={unix}', '--desired-fps={desired_fps}', '--resolution={resolution}'],
  ...['--jpeg-sink=kvmd::ustreamer::jpeg', '--h264-bitrate={h264_bitrate}', '--quality={quality}'],
];
const NAMES = ['unix', 'desired-fps', 'resolution', 'quality', 'workers'];

const probed = (options: readonly string[]) => ({
  ...{ version: '4.9', features: {}, options: new Set(options) },
  encoders: new Set(['CPU', 'HW']),
});

it('has the values, but no option without one and none that the program lacks', () => {
  const { argv, unknown } = fillCommand(PIKVM, VALUES, probed(NAMES));
  expect(argv).toEqual([
    '/usr/bin/ustreamer',
    ...['--unix=/run/u.sock', '--desired-fps=30', '--quality=80', '--workers=1'],
  ]);
  expect(unknown).toEqual(['--jpeg-sink', '--h264-bitrate']);
});

it('has an encoder that the program has, and none that another version has', () => {
  const ask = (encoder: string) =>
    fillCommand(['/usr/bin/ustreamer', `--encoder=${encoder}`], VALUES, probed(['encoder']));
  expect(ask('hw')).toEqual({ argv: ['/usr/bin/ustreamer', '--encoder=hw'], unknown: [] });
  const { argv, unknown } = ask('m2m-image');
  expect([argv, unknown]).toEqual([['/usr/bin/ustreamer'], ['--encoder=m2m-image']]);
});

it('keeps the workers that it asks for', () => {
  for (const workers of ['--workers=3', '-w3']) {
    const { argv } = fillCommand(['/usr/bin/ustreamer', workers], VALUES, probed(NAMES));
    expect(argv).toEqual(['/usr/bin/ustreamer', workers]);
  }
});

it('is not judged by the options of a wrapper', async () => {
  expect((await probeUstreamer('/usr/bin/env')).options.size).toBe(0);
});

it("tells the encoders of Debian's program", async () => {
  const { encoders } = await probeUstreamer('/usr/bin/ustreamer');
  expect([...encoders]).toEqual(expect.arrayContaining(['CPU', 'HW']));
});

it('is as it is written when the program could not be asked', () => {
  const { argv, unknown } = fillCommand(PIKVM, VALUES, probed([]));
  expect(argv).toContain('--jpeg-sink=kvmd::ustreamer::jpeg');
  expect([unknown, argv.at(-1)]).toEqual([[], '--quality=80']);
});

it('drops so few equal pictures that a silent device is heard of', () => {
  const drops = (argument: string, desired_fps: string) =>
    fillCommand(['/usr/bin/ustreamer', argument], { ...VALUES, desired_fps }, probed([])).argv[1];
  expect(drops('--drop-same-frames=30', '30')).toBe('--drop-same-frames=1');
  expect(drops('--drop-same-frames=30', '0')).toBe('--drop-same-frames=1');
  expect(drops('--drop-same-frames=30', '60')).toBe('--drop-same-frames=3');
  expect(drops('-e30', '5')).toBe('-e0');
  expect(drops('--drop-same-frames=1', '30')).toBe('--drop-same-frames=1');
});
