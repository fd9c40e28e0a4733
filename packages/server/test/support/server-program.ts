import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect } from 'vitest';

/** A server that a test has started. */
export interface ServerProgram {
  /** Kills it and what it has started; resolves when it is gone. Twice is fine. */
  end(): Promise<void>;
}

/** Starts a program that stays in the foreground; rejects with what it says when it ends before. */
export async function startedProgram(
  argv: readonly string[],
  isReady: () => Promise<void>,
): Promise<ServerProgram> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const early = exit.then(() => Promise.reject(new Error(`${program} has ended: ${said}`)));
  early.catch(() => undefined);
  await Promise.race([isReady(), early]);
  return {
    async end() {
      const all = descendantsOf(child.pid ?? 0);
      child.kill('SIGKILL');
      for (const pid of all) kill(pid);
      await exit;
    },
  };
}

/** What a process has started, and what that has. */
function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const pids = children.split(' ').filter(Boolean).map(Number);
    return pids.flatMap((each) => [each, ...descendantsOf(each)]);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Resolves when somebody listens there. */
export async function untilListening(where: { port: number } | { path: string }): Promise<void> {
  const isListening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect('path' in where ? where : { host: '127.0.0.1', ...where });
      socket.once('error', () => resolve(false));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  await expect.poll(isListening, { interval: 20 }).toBe(true);
}
