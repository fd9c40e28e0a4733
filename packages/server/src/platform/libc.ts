import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/** A function of the C library; `async` runs it in a thread. */
export interface NativeFunction {
  (...args: readonly unknown[]): number;
  async(...args: readonly unknown[]): void;
}

interface Koffi {
  load(path: null): { func(declaration: string): NativeFunction };
  errno(): number;
  address(bytes: Uint8Array): bigint;
}

/** V8 keeps arrays of up to 64 bytes among its own objects. */
const MIN_POINTED_BYTES = 65;
/** Errors of Linux that libuv has no names for. */
const UNNAMED = new Map([
  [37, 'ENOLCK'],
  [67, 'ENOLINK'],
]);

let loaded: Koffi | undefined;

function koffi(): Koffi {
  try {
    loaded ??= createRequire(import.meta.url)('koffi') as Koffi;
    return loaded;
  } catch (error) {
    throw new Error('The optional package koffi is missing: run `npm install koffi`', {
      cause: error,
    });
  }
}

/** Size of a pointer, bytes. */
export const POINTER_BYTES: 4 | 8 = ['arm', 'ia32'].includes(process.arch) ? 4 : 8;

/** Where these bytes are, for a structure that points at them; they must be kept for its call. */
export function addressOf(bytes: Uint8Array): bigint {
  // Few bytes may lie where the collector moves them.
  if (bytes.length < MIN_POINTED_BYTES) throw new RangeError('These bytes have no lasting address');
  return koffi().address(bytes);
}

/** Whether functions of the C library can be called: the optional koffi is there. */
export function hasNativeCalls(): boolean {
  try {
    koffi();
    return true;
  } catch {
    return false;
  }
}

/** A function of the C library by its declaration. Throws when the optional koffi is missing. */
export function nativeFunction(declaration: string): NativeFunction {
  return koffi().load(null).func(declaration);
}

/** The number of the error of the call that has just returned -1, without an object made of it. */
export function lastErrno(): number {
  return koffi().errno();
}

/** The error of the call that has just returned -1; `code` is its name, for instance `EBUSY`. */
export function lastSystemError(what: string): Error {
  return systemError(what, lastErrno());
}

/** An error of the system by its number, as Node makes them. */
export function systemError(what: string, errno: number): Error {
  const code = UNNAMED.get(errno) ?? (errno > 0 ? getSystemErrorName(-errno) : 'UNKNOWN');
  return Object.assign(new Error(`${what}: ${code}`), { code });
}
