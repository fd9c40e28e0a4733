import { createRequire } from 'node:module';

const LOCK_EX = 2;
const LOCK_NB = 4;

interface Library {
  func(declaration: string): (...args: number[]) => number;
}

/**
 * flock(2) on an open file, which Node lacks. True: ours until the file is closed or the process
 * ends; false: another holds it; undefined: this system cannot tell (the optional koffi is missing).
 */
export function tryFlock(fd: number): boolean | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as { load(path: string | null): Library };
    const flock = koffi.load(null).func('int flock(int fd, int operation)');
    return flock(fd, LOCK_EX | LOCK_NB) === 0;
  } catch {
    return undefined;
  }
}
