import { type ChildProcess, spawn } from 'node:child_process';
import { processStartTicks } from './state-lock.ts';

/** How a child ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What names a process for ever: a pid alone is used again by the system. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot (/proc/PID/stat, field 22). */
  readonly startTime: string;
}

/** How to start a program. */
export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The child is in its own session and outlives us. */
  readonly detached?: boolean;
  /** Lines of standard output and error to keep; 20 unless told. */
  readonly keptLines?: number;
  /** Gets every line that it prints, without its end. */
  readonly onLine?: (line: string) => void;
}

/** The program is not installed. */
export class ProgramMissingError extends Error {
  override readonly name = 'ProgramMissingError';
  readonly program: string;

  constructor(program: string, options?: ErrorOptions) {
    super(`The program ${program} is not installed`, options);
    this.program = program;
  }
}

/** A program that we started. */
export class Process {
  readonly id: ProcessId;
  /** Resolves when the child has ended; never rejects. */
  readonly exit: Promise<ProcessExit>;
  readonly #lines: string[] = [];

  constructor(
    child: ChildProcess,
    pid: number,
    keptLines: number,
    onLine: (line: string) => void = () => {},
  ) {
    this.id = { pid, startTime: processStartTicks(pid) ?? '' };
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    for (const stream of [child.stdout, child.stderr]) this.#keep(stream, keptLines, onLine);
  }

  /** The last lines that it printed. */
  get lastLines(): readonly string[] {
    return this.#lines;
  }

  #keep(
    stream: NodeJS.ReadableStream | null,
    keptLines: number,
    onLine: (line: string) => void,
  ): void {
    let rest = '';
    const push = (line: string) => {
      if (line.trim() === '') return;
      this.#lines.push(line.slice(0, 500));
      if (this.#lines.length > keptLines) this.#lines.shift();
      onLine(line.slice(0, 500));
    };
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(-10_000);
      for (const line of lines) push(line);
    });
    stream?.on('end', () => push(rest));
    stream?.on('error', () => undefined);
  }

  /** Sends a signal; false when the process is gone. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    return killProcess(this.id, signal);
  }

  /** Sends a signal to a detached process and all that it started; false when there is none. */
  killGroup(signal: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.id.pid, signal);
    } catch {
      return false;
    }
  }
}

/**
 * Starts a program with arguments, never through a shell. Rejects with ProgramMissingError when it
 * is not installed, else with the system's error.
 */
export function spawnProcess(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Process> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.detached ?? false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    child.once('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      reject(missing ? new ProgramMissingError(program, { cause: error }) : error);
    });
    if (child.pid === undefined) return;
    if (options.detached) {
      child.unref();
      for (const stream of [child.stdout, child.stderr]) {
        if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
      }
    }
    const started = new Process(child, child.pid, options.keptLines ?? 20, options.onLine);
    child.once('spawn', () => resolve(started));
  });
}

/** Runs a program to its end; rejects with its last lines when it fails. */
export async function runProcess(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<void> {
  const process = await spawnProcess(program, args, options);
  const { code, signal } = await process.exit;
  if (code === 0) return;
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  throw new Error(`${program} ${how}: ${process.lastLines.join(' | ') || 'it said nothing'}`);
}

/** Whether this very process still runs (a zombie does not). */
export function isAlive(id: ProcessId): boolean {
  return id.startTime !== '' && processStartTicks(id.pid) === id.startTime;
}

/** Sends a signal to this very process; false when it is gone. */
export function killProcess(id: ProcessId, signal: NodeJS.Signals = 'SIGTERM'): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, signal);
  } catch {
    return false;
  }
}
