import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PasswordHash } from './hash.ts';
import { HashPool, type HashThread } from './hash-pool.ts';
import type { HashJob, HashResult } from './hash-worker.ts';

const SLOW: PasswordHash = { text: '$apr1$abcdefgh$mMZnMi5KMcUTRCidnJ3Px0', slow: true };

class FakeThread implements HashThread {
  readonly jobs: HashJob[] = [];
  answer: (result: HashResult) => void = () => {};
  fail: (error: Error) => void = () => {};
  refs = 0;
  terminated = false;

  postMessage(job: HashJob): void {
    this.jobs.push(job);
  }
  on(event: 'message' | 'error', listener: never): void {
    if (event === 'message') this.answer = listener;
    else this.fail = listener;
  }
  ref(): void {
    this.refs = 1;
  }
  unref(): void {
    this.refs = 0;
  }
  terminate(): void {
    this.terminated = true;
  }
}

function rig(options: { threads?: number; maxJobs?: number } = {}) {
  const threads: FakeThread[] = [];
  const startThread = () => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  };
  return { threads, pool: new HashPool({ ...options, startThread }) };
}

describe('HashPool', () => {
  it('verifies slow and fast hashes', async () => {
    const pool = new HashPool();
    expect(await pool.verify('admin', SLOW)).toBe(true);
    expect(await pool.verify('nope', SLOW)).toBe(false);
    const fast = { text: '{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=', slow: false };
    expect(await pool.verify('admin', fast)).toBe(true);
    await pool.close();
  });

  it('gives a thread one job at a time and refuses more than may wait', async () => {
    const { pool, threads } = rig({ threads: 1, maxJobs: 2 });
    const first = pool.verify('a', SLOW);
    const second = pool.verify('b', SLOW);
    await expect(pool.verify('c', SLOW)).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(threads[0]?.jobs.map((job) => job.password)).toEqual(['a']);
    threads[0]?.answer({ id: 1, matches: true });
    expect(threads[0]?.jobs.map((job) => job.password)).toEqual(['a', 'b']);
    threads[0]?.answer({ id: 2, matches: false });
    expect(await first).toBe(true);
    expect(await second).toBe(false);
    expect(threads).toHaveLength(1);
  });

  it('keeps the process alive only while a job runs', async () => {
    const { pool, threads } = rig();
    const job = pool.verify('a', SLOW);
    expect(threads[0]?.refs).toBe(1);
    threads[0]?.answer({ id: 1, matches: true });
    await job;
    expect(threads[0]?.refs).toBe(0);
  });

  it('goes on with a new thread when one dies', async () => {
    const { pool, threads } = rig();
    const lost = pool.verify('a', SLOW);
    const next = pool.verify('b', SLOW);
    threads[0]?.fail(new Error('out of memory'));
    await expect(lost).rejects.toMatchObject({ name: 'UnavailableError' });
    threads[1]?.answer({ id: 2, matches: true });
    expect(await next).toBe(true);
  });

  it('refuses what is under way when it closes', async () => {
    const { pool, threads } = rig();
    const jobs = [pool.verify('a', SLOW), pool.verify('b', SLOW)].map((job) =>
      expect(job).rejects.toMatchObject({ name: 'UnavailableError' }),
    );
    await pool.close();
    await Promise.all(jobs);
    expect(threads[0]?.terminated).toBe(true);
    await setImmediate();
    await expect(pool.verify('c', SLOW)).rejects.toMatchObject({ name: 'UnavailableError' });
  });
});
