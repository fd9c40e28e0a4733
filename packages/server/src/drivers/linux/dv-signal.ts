import { isSystemError } from '../../platform/files.ts';
import { type OpenVideoDevice, openVideoDevice } from '../../platform/video-device.ts';
import {
  DV_TIMINGS_BYTES,
  type DvTimings,
  decodeDvTimings,
  V4L2_IOCTL,
} from '../../protocols/v4l2-uapi.ts';

/**
 * What an HDMI chip says of its input. `unknown`: it cannot be asked (a USB grabber has no such call),
 * or is not there.
 */
export type DvSignal =
  | { readonly kind: 'present'; readonly timings: DvTimings }
  | { readonly kind: 'absent' | 'unlocked' | 'out-of-range' | 'unknown' };

/** errno(3) of VIDIOC_QUERY_DV_TIMINGS. */
const KINDS = { ENOLINK: 'absent', ENOLCK: 'unlocked', ERANGE: 'out-of-range' } as const;

/** Asks a device for its signal, beside the program that captures. Never rejects. */
export async function queryDvSignal(
  path: string,
  open: OpenVideoDevice = openVideoDevice,
): Promise<DvSignal> {
  try {
    await using device = await open(path);
    const bytes = new Uint8Array(DV_TIMINGS_BYTES);
    await device.ioctl(V4L2_IOCTL.timings, bytes);
    const timings = decodeDvTimings(bytes);
    // Some chips tell of no link by a picture of no size.
    return timings.width === 0 ? { kind: 'absent' } : { kind: 'present', timings };
  } catch (error) {
    for (const [code, kind] of Object.entries(KINDS)) {
      if (isSystemError(error, code)) return { kind };
    }
    return { kind: 'unknown' };
  }
}

const SENTENCES = {
  absent: 'no cable, or a machine that is off or asleep',
  unlocked: 'there is one, but the chip cannot lock on to it: check cable and adapters',
  'out-of-range':
    'it is out of range of the chip: choose a lower resolution or rate at the machine, or another EDID (crashcart edid)',
} as const;

/** Why a device has no picture, as the end of a sentence; undefined when it does not say. */
export function explainSignal({ kind }: DvSignal): string | undefined {
  return kind === 'present' || kind === 'unknown' ? undefined : SENTENCES[kind];
}
