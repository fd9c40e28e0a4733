import { z } from 'zod';
import { EDID_PRESETS } from '../core/capture.ts';
import * as type from './types.ts';

/** µStreamer with what every capture device takes; later options win, so `cmd_append` adapts it. */
const USTREAMER: [string, ...string[]] = [
  '/usr/bin/ustreamer',
  '--device=/dev/video0',
  '--persistent',
  '--resolution={resolution}',
  '--desired-fps={desired_fps}',
  '--quality={quality}',
  '--drop-same-frames=30',
  '--unix={unix}',
  '--unix-rm',
  '--unix-mode=0600',
  '--exit-on-parent-death',
  '--process-name-prefix={process_name_prefix}',
  '--notify-parent',
  '--no-log-colors',
];

const RESOLUTION = /^(?:[1-9]\d{0,4}x[1-9]\d{0,4})?$/;
const resolution = z
  .string('must be WIDTHxHEIGHT')
  .regex(RESOLUTION, 'must be WIDTHxHEIGHT, such as 1920x1080');

const PLACEHOLDERS = [
  ...['unix', 'process_name_prefix', 'quality', 'resolution', 'desired_fps'],
  // What H.264 needs is left out while nothing here takes it.
  ...['h264_bitrate', 'h264_gop'],
];
const hasKnown = (words: readonly string[]) =>
  words.every((word) =>
    [...word.matchAll(/\{(\w*)\}/g)].every(([, name = '']) => PLACEHOLDERS.includes(name)),
  );
const KNOWN = `may have only these placeholders: {${PLACEHOLDERS.join('}, {')}}`;

/** A command, what is taken out of it and what is put behind it. */
function commandKeys<const Name extends string>(name: Name, given: [string, ...string[]]) {
  return {
    [name]: type.command().refine(hasKnown, KNOWN).default(given),
    [`${name}_remove`]: type.words().default([]),
    [`${name}_append`]: type.words().refine(hasKnown, KNOWN).default([]),
  } as {
    readonly [N in Name]: z.ZodDefault<ReturnType<typeof type.command>>;
  } & {
    readonly [N in `${Name}_remove` | `${Name}_append`]: z.ZodDefault<z.ZodType<string[]>>;
  };
}

/** FFmpeg's names of what capture devices send; empty: what the device has chosen. */
const FORMATS = ['mjpeg', 'yuyv422', 'uyvy422', 'nv12', 'rgb24', 'bgr24', ''] as const;

/** Keys of `kvmd.streamer` that a capture device needs. */
export const capture = {
  v4l2: type
    .section({
      device: type.path().default('/dev/video0'),
      format: type.choice(FORMATS).default('mjpeg'),
    })
    .prefault({}),
  edid: type
    .section({
      device: type.path().default('/dev/kvmd-video'),
      /** Goes before the preset where it exists. */
      file: type.optionalPath().default(''),
      preset: type.choice(['', ...EDID_PRESETS]).default(''),
    })
    .prefault({}),
  state_poll: type.atLeast(0.1).default(1),
  timeout: type.atLeast(0.1).default(2),
  unix: type.optionalPath().default(''),
  process_name_prefix: type.text().default('kvmd/streamer'),
  slowdown: type.bool(false),
  resolution: type
    .section({ default: resolution.default(''), available: type.words(resolution).default([]) })
    .prefault({}),
  ...commandKeys('pre_start_cmd', ['/bin/true', 'pre-start']),
  ...commandKeys('cmd', USTREAMER),
  ...commandKeys('post_stop_cmd', ['/bin/true', 'post-stop']),
};
