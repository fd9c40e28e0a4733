/** A µStreamer command. */
type Command = readonly [string, ...string[]];

/**
 * What all of PiKVM's commands begin with. Its shared-memory sinks are left out: other programs of
 * PiKVM read them, and each one costs.
 */
const COMMON: Command = [
  '/usr/bin/ustreamer',
  '--device=/dev/kvmd-video',
  '--persistent',
  '--desired-fps={desired_fps}',
  '--drop-same-frames=30',
  '--unix={unix}',
  '--unix-rm',
  '--unix-mode=0660',
  '--exit-on-parent-death',
  '--process-name-prefix={process_name_prefix}',
  '--notify-parent',
  '--no-log-colors',
];

const CSI = ['--dv-timings', '--workers=3', '--quality={quality}'];
const CSI_2 = [...CSI, '--format=uyvy', '--encoder=m2m-image'];

/** What viewers may choose of a USB grabber. */
const RESOLUTIONS = [
  ...['1920x1080', '1600x1200', '1360x768', '1280x1024', '1280x960', '1280x720', '1024x768'],
  ...['800x600', '720x576', '720x480', '640x480'],
];

/** `kvmd.streamer` of an HDMI chip at the camera port of a Raspberry Pi up to 3 (TC358743). */
export const HDMI = { type: 'ustreamer', cmd: [...COMMON, ...CSI_2] };

/** The same of a Raspberry Pi 4. */
export const HDMI_RPI4 = { type: 'ustreamer', cmd: [...COMMON, ...CSI_2, '--buffers=6'] };

/** The same of PiKVM's V4 Plus, which shows the picture at an output of its own. */
export const HDMI_V4PLUS = {
  type: 'ustreamer',
  forever: true,
  cmd: [
    ...[...COMMON, ...CSI, '--format=rgb24', '--format-swap-rgb', '--encoder=cpu', '--buffers=8'],
  ],
};

/** `kvmd.streamer` of a USB grabber that gives JPEG: no quality to choose, but a resolution. */
export const HDMIUSB = {
  type: 'ustreamer',
  quality: 0,
  resolution: { default: '1920x1080', available: RESOLUTIONS },
  h264_bitrate: { default: 0 },
  cmd: [...COMMON, '--format=mjpeg', '--resolution={resolution}'],
};
