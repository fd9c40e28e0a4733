import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { returnFreedMemory } from './heap.ts';

const MIB = 1 << 20;
const PICTURES = 100;

it('gives the memory of pictures back, also between what is kept', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const rssMib = () => {
    collect();
    return process.memoryUsage.rss() / MIB;
  };
  returnFreedMemory();
  // The largest piece that was freed is glibc's limit from then on.
  Buffer.alloc(8 * MIB, 1);
  const before = rssMib();
  let pictures = [];
  const kept = [];
  for (let count = 0; count < PICTURES; count += 1) {
    pictures.push(Buffer.alloc(MIB, count));
    kept.push(Buffer.alloc(20_000, count));
  }
  expect(rssMib() - before).toBeGreaterThan(PICTURES / 2);
  pictures = [];
  // The collector frees them in a thread of its own.
  await expect.poll(() => rssMib() - before, { timeout: 10_000 }).toBeLessThan(PICTURES / 5);
  expect(kept).toHaveLength(PICTURES);
});
