import type { Box, BoxVideo } from './box.ts';
import { type Hardware, hardwareOf } from './hardware.ts';

/** A configuration of ours, in its own keys. */
export interface Proposal {
  readonly platform?: string;
  readonly kvmd?: Readonly<Record<string, object>>;
}

/** The shortest configuration that uses what a box has; empty when it has nothing. */
export function proposeConfig(box: Box): Proposal {
  const hardware = hardwareOf(box);
  const { platform } = hardware;
  if (platform === undefined) return {};
  const kvmd = { ...keyboardOf(hardware), ...videoOf(hardware) };
  return { platform, ...(Object.keys(kvmd).length === 0 ? {} : { kvmd }) };
}

function keyboardOf({ platform, serialHid }: Hardware): Readonly<Record<string, object>> {
  if (platform !== 'pc') return {};
  if (!serialHid) return { hid: { type: 'disabled' } };
  const { type, port } = serialHid;
  return { hid: { type, device: port.byId ?? port.node } };
}

function videoOf(hardware: Hardware): Readonly<Record<string, object>> {
  const { platform, chip, hasPikvmChip, grabber, stick } = hardware;
  const isCsi = platform?.includes('-hdmi-') ?? false;
  if (chip) return isCsi ? {} : { streamer: inputOf(chip, hasPikvmChip) };
  if (!grabber) return isCsi ? {} : { streamer: { type: 'disabled' } };
  const hasNoJpeg = grabber.formats.length > 0 && !grabber.formats.includes('MJPG');
  const format = stick?.format === 'yuyv' || hasNoJpeg ? ['--format=yuyv'] : [];
  return { streamer: { cmd_append: [`--device=${grabber.byId ?? grabber.node}`, ...format] } };
}

/** V4L2's names of formats that µStreamer takes, the cheaper first, and its own names of them. */
const FORMATS = [
  ['UYVY', 'uyvy'],
  ['YUYV', 'yuyv'],
  ['RGB3', 'rgb24'],
  ['BGR3', 'bgr24'],
] as const;

/** An HDMI input: a preset for USB does not fit one. */
function inputOf({ byId, node, formats }: BoxVideo, isNamed: boolean): object {
  const device = byId ?? node;
  const [, format] = FORMATS.find(([name]) => formats.includes(name)) ?? FORMATS[0];
  return {
    quality: 80,
    resolution: { default: '' },
    cmd_append: [...(isNamed ? [] : [`--device=${device}`]), `--format=${format}`, '--dv-timings'],
    edid: { preset: 'v2', ...(isNamed ? {} : { device }) },
  };
}
