import { isSystemError } from '../../platform/files.ts';
import { type OpenVideoDevice, openVideoDevice } from '../../platform/video-device.ts';
import {
  CAPABILITY_BYTES,
  decodeCapability,
  encodeFormatRequest,
  formatCode,
  V4L2_IOCTL,
  type V4l2Capability,
} from '../../protocols/v4l2-uapi.ts';

/** What a node of Video4Linux offers. */
export interface VideoNode extends V4l2Capability {
  /** Four characters each, e.g. MJPG. */
  readonly formats: readonly string[];
}

/** More formats no grabber has. */
const MAX_FORMATS = 64;

/** Asks a node what it is and offers; undefined when it cannot be asked. Never rejects. */
export async function inspectVideo(
  path: string,
  open: OpenVideoDevice = openVideoDevice,
): Promise<VideoNode | undefined> {
  try {
    await using device = await open(path);
    const capability = new Uint8Array(CAPABILITY_BYTES);
    await device.ioctl(V4L2_IOCTL.capability, capability);
    const formats: string[] = [];
    try {
      while (formats.length < MAX_FORMATS) {
        const request = encodeFormatRequest(formats.length);
        await device.ioctl(V4L2_IOCTL.format, request);
        formats.push(formatCode(request));
      }
    } catch (error) {
      // After the last one; a node without pictures has none.
      if (!isSystemError(error, 'EINVAL', 'ENOTTY')) throw error;
    }
    return { ...decodeCapability(capability), formats };
  } catch {
    return undefined;
  }
}
