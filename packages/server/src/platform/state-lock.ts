import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from './files.ts';
import { tryFlock } from './flock.ts';

/** Another server holds the state directory. */
export class StateInUseError extends Error {
  readonly pid: number | undefined;

  constructor(directory: string, pid: number | undefined) {
    const who = pid === undefined ? 'Another crashcart' : `Another crashcart (pid ${pid})`;
    super(
      `${who} uses ${directory}. Stop it, or give this one its own directory with --state DIR.`,
    );
    this.name = 'StateInUseError';
    this.pid = pid;
  }
}

type Flock = (fd: number) => boolean | undefined;

/** What a lock file says about its owner. */
interface Owner {
  readonly pid: number;
  /** Clock ticks since boot; tells a process from a later one with the same pid. */
  readonly startTicks: string;
}

/** When a process began, in clock ticks since boot; undefined when there is no such process. */
export function processStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold blanks and parentheses; field 22 counts from the last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function ownerOf(path: string): Owner | undefined {
  try {
    const [pid, startTicks] = readFileSync(path, 'utf8').trim().split(' ');
    return pid && startTicks ? { pid: Number(pid), startTicks } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  return processStartTicks(owner.pid) === owner.startTicks;
}

function sign(fd: number): void {
  ftruncateSync(fd);
  writeSync(fd, `${process.pid} ${processStartTicks(process.pid) ?? '0'}\n`, 0);
}

/** Without flock: the file's existence is the lock, and a dead owner's file is taken away. */
function lockByFile(path: string, directory: string): number {
  for (let attempt = 0; ; attempt++) {
    try {
      return openSync(path, 'wx+', 0o600);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
    const owner = ownerOf(path);
    if (attempt > 0 || (owner && isAlive(owner))) throw new StateInUseError(directory, owner?.pid);
    unlinkSync(path);
  }
}

/** The lock of the system: it goes with the process, however that ends. */
function lockByFlock(path: string, directory: string, flock: Flock): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (flock(fd)) return fd;
  closeSync(fd);
  throw new StateInUseError(directory, ownerOf(path)?.pid);
}

/**
 * Claims a state directory (which must exist) for this process; throws StateInUseError when another
 * has it. A lock whose owner was killed is taken over. `flock` is a seam for tests.
 */
export function lockStateDirectory(
  directory: string,
  flock: Flock = tryFlock,
): { release(): void } {
  const path = join(directory, 'lock');
  const hasFlock = flock(-1) !== undefined;
  const fd = hasFlock ? lockByFlock(path, directory, flock) : lockByFile(path, directory);
  sign(fd);
  return {
    release: () => {
      closeSync(fd);
      // With flock the file stays: taking it away would let two hold locks on two files.
      if (!hasFlock) unlinkSync(path);
    },
  };
}
