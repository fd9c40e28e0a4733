import { monitorEventLoopDelay } from 'node:perf_hooks';
import bcrypt from 'bcryptjs';
import { expect, it } from 'vitest';

// The compiled files: a worker thread cannot load TypeScript on every Node that we support.
const { HashPool } = (await import(
  new URL('../dist/auth/hashes/hash-pool.js', import.meta.url).href
)) as typeof import('../src/auth/hashes/hash-pool.ts');

it('verifies slow hashes in a thread while the event loop stays free', async () => {
  const hash = { text: bcrypt.hashSync('admin', 11), slow: true };
  const pool = new HashPool();
  await pool.verify('warm up', { ...hash, text: bcrypt.hashSync('x', 4) });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedMs = performance.now();
  expect(await Promise.all([pool.verify('admin', hash), pool.verify('nope', hash)])).toEqual([
    true,
    false,
  ]);
  const tookMs = performance.now() - startedMs;
  delay.disable();
  expect(delay.max / 1e6).toBeLessThan(tookMs / 2);
  await pool.close();
});
