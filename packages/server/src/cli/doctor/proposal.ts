import type { Box } from './box.ts';
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

function videoOf({ platform, chip, grabber, stick }: Hardware): Readonly<Record<string, object>> {
  const isCsi = platform?.includes('-hdmi-') ?? false;
  // A chip has its name by udev; a preset for USB does not fit one.
  if (chip) return isCsi ? {} : { streamer: CHIP_STREAMER };
  if (!grabber) return isCsi ? {} : { streamer: { type: 'disabled' } };
  const hasNoJpeg = grabber.formats.length > 0 && !grabber.formats.includes('MJPG');
  const format = stick?.format === 'yuyv' || hasNoJpeg ? ['--format=yuyv'] : [];
  return { streamer: { cmd_append: [`--device=${grabber.byId ?? grabber.node}`, ...format] } };
}

const CHIP_STREAMER = {
  quality: 80,
  resolution: { default: '' },
  cmd_append: ['--format=uyvy', '--dv-timings'],
  edid: { preset: 'v2' },
};
