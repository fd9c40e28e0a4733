import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryFlock } from './flock.ts';
import { lockStateDirectory, processStartTicks, StateInUseError } from './state-lock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crashcart-lock-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** A real process that runs until it is killed. */
async function startProcess(): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)']);
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('no pid');
  return {
    pid: child.pid,
    kill: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

describe.each([
  ['flock', tryFlock],
  ['no flock', () => undefined],
])('lockStateDirectory with %s', (_, flock) => {
  it('lets one in and tells the second who is there', () => {
    const first = lockStateDirectory(dir, flock);
    expect(() => lockStateDirectory(dir, flock)).toThrow(
      `Another crashcart (pid ${process.pid}) uses ${dir}`,
    );
    expect(() => lockStateDirectory(dir, flock)).toThrow(StateInUseError);
    first.release();
    lockStateDirectory(dir, flock).release();
  });

  it('takes over what a killed server left', () => {
    writeFileSync(join(dir, 'lock'), '999999999 12345\n');
    lockStateDirectory(dir, flock).release();
  });

  it('takes over an unfinished lock file', () => {
    writeFileSync(join(dir, 'lock'), '');
    lockStateDirectory(dir, flock).release();
  });
});

describe('lockStateDirectory without flock', () => {
  it('knows a living owner from a later process with the same pid', async () => {
    const other = await startProcess();
    try {
      writeFileSync(join(dir, 'lock'), `${other.pid} ${processStartTicks(other.pid)}\n`);
      expect(() => lockStateDirectory(dir, () => undefined)).toThrow(`pid ${other.pid}`);
      writeFileSync(join(dir, 'lock'), `${other.pid} 1\n`);
      lockStateDirectory(dir, () => undefined).release();
    } finally {
      await other.kill();
    }
    expect(processStartTicks(other.pid)).toBeUndefined();
  });
});
