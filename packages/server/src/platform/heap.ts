import { setFlagsFromString } from 'node:v8';
import { nativeFunction } from './libc.ts';

/**
 * Lets the heap of V8 grow to four times of what lived after the last full collection, before the
 * next one. V8 counts received bytes into that limit and frees them only every 32 MiB: with its own
 * factor for a heap as small as ours, about 1.5, an upload marks the whole heap 30 times a second.
 */
export function collectGarbageLess(): void {
  setFlagsFromString('--heap-growing-percent=300');
}

/** mallopt(3). */
const M_MMAP_THRESHOLD = -3;
/** What glibc begins with, bytes. */
const OWN_MAPPING_BYTES = 128 * 1024;

/**
 * Gives what a picture took back to the system as soon as it is freed. glibc raises its limit for
 * pieces with a mapping of their own to the largest that was freed, up to 32 MiB; pictures of ever
 * other sizes then leave holes in its heap, 10 to 30 MiB for a viewer of 1080p. Needs koffi.
 */
export function returnFreedMemory(): void {
  try {
    nativeFunction('int mallopt(int param, int value)')(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
  } catch {
    // Without koffi, or with another C library, the memory is held a little longer.
  }
}
