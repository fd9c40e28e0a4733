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
}

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

/** A function of the C library by its declaration. Throws when the optional koffi is missing. */
export function nativeFunction(declaration: string): NativeFunction {
  return koffi().load(null).func(declaration);
}

/** The error of the call that has just returned -1; `code` is its name, for instance `EBUSY`. */
export function lastSystemError(what: string): Error {
  return systemError(what, koffi().errno());
}

/** An error of the system by its number, as Node makes them. */
export function systemError(what: string, errno: number): Error {
  const code = errno > 0 ? getSystemErrorName(-errno) : 'UNKNOWN';
  return Object.assign(new Error(`${what}: ${code}`), { code });
}
