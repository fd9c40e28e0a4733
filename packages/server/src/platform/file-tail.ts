import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** More than this of a file is not looked at, bytes. */
const MAX_BYTES = 64 * 1024;

/** Bytes of a file; 0 when it is not there. It asks at once, for a file that is in memory anyway. */
export function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What a file holds from this place on, at most 64 KiB of it; it asks at once. */
export function textFrom(path: string, from: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(MAX_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, MAX_BYTES, from));
  } finally {
    closeSync(file);
  }
}
