import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, BlockCache } from './block-cache.ts';

const SIZE = 40 * BLOCK_BYTES + 777;
const content = randomBytes(SIZE);

/** A source that tells what was read of it. */
function rig() {
  const reads: (readonly [number, number])[] = [];
  let failure: Error | undefined;
  const cache = new BlockCache(SIZE, async (offset, length) => {
    reads.push([offset / BLOCK_BYTES, Math.ceil(length / BLOCK_BYTES)]);
    await new Promise((resolve) => setImmediate(resolve));
    if (failure) throw failure;
    return Uint8Array.from(content.subarray(offset, offset + length));
  });
  const fail = (error: Error | undefined) => {
    failure = error;
  };
  return { cache, reads, fail };
}

describe('the block cache', () => {
  it('gives the bytes of the source, wherever and however much is asked for', async () => {
    const { cache } = rig();
    const ranges = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: 2_000_000 })));
    await fc.assert(
      fc.asyncProperty(ranges, async (asked) => {
        const answers = asked.map(async ([offset, wanted]) => {
          const length = Math.min(wanted, SIZE - offset);
          const bytes = await cache.read(offset, length);
          return content.compare(bytes, 0, length, offset, offset + length);
        });
        expect(await Promise.all(answers)).toEqual(asked.map(() => 0));
      }),
      { numRuns: 20 },
    );
  });

  it('reads a block once, however many ask for it', async () => {
    const { cache, reads } = rig();
    const far = 20 * BLOCK_BYTES;
    await Promise.all([1, 2, 3].map((at) => cache.read(far + at, 10)));
    await cache.read(far, BLOCK_BYTES);
    expect(reads.filter(([first, blocks]) => first <= 20 && first + blocks > 20)).toHaveLength(1);
  });

  it('reads nothing ahead of one who jumps about', async () => {
    const { cache, reads } = rig();
    for (const block of [30, 5, 17, 9]) await cache.read(block * BLOCK_BYTES, 512);
    expect(reads).toEqual([30, 5, 17, 9].map((block) => [block, 1]));
  });

  it('is further and further ahead of one who reads straight on', async () => {
    const { cache, reads } = rig();
    for (let at = 0; at < 12; at += 1) await cache.read(at * BLOCK_BYTES, BLOCK_BYTES);
    const ahead = Math.max(...reads.map(([first, blocks]) => first + blocks)) - 12;
    expect(ahead).toBeGreaterThanOrEqual(16);
    expect(reads.length).toBeLessThan(10);
  });

  it('keeps no more than 16 MiB', async () => {
    const reads: number[] = [];
    const cache = new BlockCache(64 * 1024 * 1024, async (offset, length) => {
      reads.push(offset);
      return new Uint8Array(length);
    });
    for (let at = 0; at < 60; at += 2) await cache.read(at * 1024 * 1024, 1024 * 1024);
    reads.length = 0;
    await cache.read(0, 512);
    expect(reads).toEqual([0]);
    reads.length = 0;
    await cache.read(58 * 1024 * 1024, 512);
    expect(reads).toEqual([]);
  });

  it('forgets what failed', async () => {
    const { cache, reads, fail } = rig();
    fail(new Error('away'));
    await expect(cache.read(9 * BLOCK_BYTES, 512)).rejects.toThrow('away');
    fail(undefined);
    expect(Buffer.from(await cache.read(9 * BLOCK_BYTES, 512))).toEqual(
      content.subarray(9 * BLOCK_BYTES, 9 * BLOCK_BYTES + 512),
    );
    expect(reads).toEqual([
      [9, 1],
      [9, 1],
    ]);
  });
});
