import { spawn } from 'node:child_process';
import { isSystemError } from './files.ts';
import { ProgramMissingError } from './process.ts';

/** How to run a command. */
export interface CommandOptions {
  /** Replaces the inherited environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Kills the command and all that it started, and rejects with the reason. */
  readonly signal: AbortSignal;
}

/** How a command ended. */
export interface CommandResult {
  /** Exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  /** The last 64 KiB of what it printed, standard error included. */
  readonly output: string;
}

const KEPT_BYTES = 64 * 1024;
/** How long the output of an ended command is waited for, when a child of it keeps it open, ms. */
const DRAIN_MS = 200;

/**
 * Runs a program with arguments to its end, in a process group of its own and never through a
 * shell. Rejects with ProgramMissingError when it is not installed.
 */
export function runCommand(
  argv: readonly [string, ...string[]],
  { env, signal }: CommandOptions,
): Promise<CommandResult> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(env ? { env } : {}),
    });
    let output = Buffer.alloc(0);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = Buffer.concat([output, chunk]).subarray(-KEPT_BYTES);
      });
    }
    const aborted = () => {
      if (child.pid !== undefined) killGroup(child.pid);
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    child.once('error', (error) => {
      signal.removeEventListener('abort', aborted);
      const missing = isSystemError(error, 'ENOENT');
      reject(missing ? new ProgramMissingError(program, { cause: error }) : error);
    });
    child.once('exit', (code) => {
      signal.removeEventListener('abort', aborted);
      const timer = setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
      }, DRAIN_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve({ code: code ?? undefined, output: output.toString('utf8') });
      });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
