import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FfmpegPool } from './ffmpeg-pool.ts';

const WAIT = { timeout: 20_000 };
const NOBODY = { onOutput: () => {}, onEnd: () => {} };

let folder: string;
let pids: string;
/** A program that says what it is told, and leaves its pid in a file. */
let args: readonly string[];
let pool: FfmpegPool;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cc-pool-'));
  pids = join(folder, 'pids');
  writeFileSync(pids, '');
  args = ['-c', `echo $$ >> ${pids}; exec cat`];
  pool = new FfmpegPool('/bin/sh');
});
afterEach(async () => {
  pool.release();
  await expect.poll(running, WAIT).toEqual([]);
  rmSync(folder, { recursive: true });
});

const started = () => readFileSync(pids, 'utf8').trim().split('\n').filter(Boolean).map(Number);
const running = () =>
  started().filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
/** Starts a stream, and one that waits for the next. */
const stream = async () => {
  const first = pool.take(args, NOBODY);
  pool.prepare(args);
  await expect.poll(started, WAIT).toHaveLength(2);
  return first;
};

it('one waits while a stream runs, and has the next stream', async () => {
  const first = await stream();
  first.kill();
  pool.release();
  const onOutput = vi.fn();
  const next = pool.take(args, { ...NOBODY, onOutput });
  void next.write(Buffer.from('size'));
  await expect.poll(() => String(onOutput.mock.lastCall?.[0]), WAIT).toBe('size');
  expect(started()).toHaveLength(2);
  expect(running()).toEqual([started()[1]]);
  next.kill();
});

it('one with other arguments is of no use', async () => {
  const first = await stream();
  const other = pool.take([...args, 'other'], NOBODY);
  await expect.poll(started, WAIT).toHaveLength(3);
  await expect.poll(running, WAIT).toEqual([started()[0], started()[2]]);
  first.kill();
  other.kill();
});

it('one that has ended meanwhile is of no use', async () => {
  const first = await stream();
  process.kill(started()[1] ?? 0, 'SIGKILL');
  await expect.poll(running, WAIT).toEqual([started()[0]]);
  const onOutput = vi.fn();
  const next = pool.take(args, { ...NOBODY, onOutput });
  void next.write(Buffer.from('size'));
  await expect.poll(() => String(onOutput.mock.lastCall?.[0]), WAIT).toBe('size');
  first.kill();
  next.kill();
});

it('none waits when no stream runs', async () => {
  const first = await stream();
  first.kill();
  pool.release();
  await expect.poll(running, WAIT).toEqual([]);
});
