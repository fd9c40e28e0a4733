import { isSystemError } from '../../platform/files.ts';
import { type OpenVideoDevice, openVideoDevice } from '../../platform/video-device.ts';
import {
  EDID_POINTER_AT,
  edidBytes,
  edidRequest,
  encodeEdidRequest,
  MAX_EDID_BLOCKS,
} from '../../protocols/v4l2-uapi.ts';

const MAX_BYTES = 256;
const BLOCK_BYTES = 128;

/** The EDID that a capture chip shows to its source; undefined when it shows none. Rejects with a sentence. */
export async function readEdid(
  path: string,
  open: OpenVideoDevice = openVideoDevice,
): Promise<Uint8Array | undefined> {
  const edid = new Uint8Array(MAX_BYTES);
  try {
    await using device = await open(path);
    const request = encodeEdidRequest(MAX_EDID_BLOCKS, device.pointerBytes);
    await device.ioctl(edidRequest('get', device.pointerBytes), request, {
      ...{ at: EDID_POINTER_AT, to: edid },
    });
    return edid.slice(0, edidBytes(request));
  } catch (error) {
    if (isSystemError(error, 'ENODATA')) return undefined;
    throw sentence(path, error);
  }
}

/** Lets a capture chip show this EDID, or none; sources read it again. Rejects with a sentence. */
export async function writeEdid(
  path: string,
  edid: Uint8Array | undefined,
  open: OpenVideoDevice = openVideoDevice,
): Promise<void> {
  const blocks = (edid?.length ?? 0) / BLOCK_BYTES;
  const to = new Uint8Array(MAX_BYTES);
  if (edid) to.set(edid);
  try {
    await using device = await open(path);
    const request = encodeEdidRequest(blocks, device.pointerBytes);
    await device.ioctl(edidRequest('set', device.pointerBytes), request, {
      ...{ at: EDID_POINTER_AT, to },
    });
  } catch (error) {
    throw sentence(path, error);
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there: is its overlay loaded, is another device meant (--device)?',
  EACCES: 'this user may not open it: it must be root or in the group video',
  ENOTTY: 'it takes no EDID: USB grabbers have one of their own that stays',
  EINVAL: 'it takes no EDID for its input',
  E2BIG: 'its chip has room for fewer blocks than this EDID has',
  EBUSY: 'it is busy: stop what captures it first',
};

function sentence(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = WHY[code] ?? (error instanceof Error ? error.message : String(error));
  return new Error(`The EDID of ${path} cannot be had: ${why}`, { cause: error });
}
