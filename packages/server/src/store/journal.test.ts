import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Journal } from './journal.ts';

const schema = z.object({ n: z.number() });
let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-journal-'));
  path = join(dir, 'events.jsonl');
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function all(journal: Journal<{ n: number }>): Promise<number[]> {
  const found: number[] = [];
  for await (const { n } of journal.read({ follow: false })) found.push(n);
  return found;
}

test('gives back what was appended, also what the disk does not have yet', async () => {
  const journal = new Journal({ path, schema, fsync: true });
  journal.append({ n: 1 });
  await journal.flush();
  journal.append({ n: 2 });
  expect(await all(journal)).toEqual([1, 2]);
  await journal.flush();
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await all(new Journal({ path, schema }))).toEqual([1, 2]);
});

test('skips a torn last line and foreign lines, and appends after them', async () => {
  await writeFile(path, '{"n":1}\n{"m":1}\nnonsense\n{"n":2}\n{"n":');
  const journal = new Journal({ path, schema });
  expect(await all(journal)).toEqual([1, 2]);
  journal.append({ n: 3 });
  await journal.flush();
  expect(await all(journal)).toEqual([1, 2, 3]);
});

test('keeps the newest entries in two files of bounded size', async () => {
  const journal = new Journal({ path, schema, maxBytes: 100 });
  for (let n = 100; n < 150; n += 1) {
    journal.append({ n });
    await journal.flush();
  }
  expect((await readdir(dir)).sort()).toEqual(['events.jsonl', 'events.jsonl.1']);
  expect((await stat(path)).size).toBeLessThanOrEqual(100);
  expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(100);
  const kept = await all(journal);
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept).toEqual(Array.from(kept, (_, i) => 150 - kept.length + i));
});

test('a follower gets every entry once, across writes and rotation', async () => {
  const journal = new Journal({ path, schema, maxBytes: 200 });
  journal.append({ n: 0 });
  await journal.flush();
  journal.append({ n: 1 });
  const stop = new AbortController();
  const found: number[] = [];
  for await (const { n } of journal.read({ follow: true, signal: stop.signal })) {
    found.push(n);
    if (n < 99) journal.append({ n: n + 1 });
    else stop.abort();
  }
  // 0 was on disk and 1 in memory when it began, so each of them appended a successor.
  expect(new Set(found)).toEqual(new Set(Array.from({ length: 100 }, (_, n) => n)));
  // What is still being written would come back into the removed directory.
  await journal.flush();
});

test('each of several followers gets every line in order', async () => {
  const journal = new Journal({ path, schema, maxBytes: 300 });
  const stop = new AbortController();
  const follow = async () => {
    const found: number[] = [];
    for await (const { n } of journal.read({ follow: true, signal: stop.signal })) {
      found.push(n);
      if (n === 499) break;
    }
    return found;
  };
  const first = follow();
  for (let n = 0; n < 500; n += 1) {
    journal.append({ n });
    if (n % 7 === 0) await journal.flush();
  }
  expect(await first).toEqual(Array.from({ length: 500 }, (_, n) => n));
  await journal.flush();
});

test('a follower ends with its signal while it waits', async () => {
  const journal = new Journal({ path, schema });
  const stop = new AbortController();
  const reading = journal.read({ follow: true, signal: stop.signal }).next();
  await journal.flush();
  stop.abort();
  expect(await reading).toEqual({ done: true, value: undefined });
});

test('tells trouble once, keeps the newest in memory and writes them when it can again', async () => {
  // A file where the folder should be: refused for root too.
  await writeFile(join(dir, 'sub'), '');
  const troubles: unknown[] = [];
  const journal = new Journal({
    path: join(dir, 'sub/events.jsonl'),
    schema,
    onTrouble: (error) => troubles.push(error),
  });
  for (let n = 0; n < 3; n += 1) {
    journal.append({ n });
    await journal.flush();
  }
  expect(troubles).toHaveLength(1);
  expect(await all(journal)).toEqual([0, 1, 2]);
  await rm(join(dir, 'sub'));
  await mkdir(join(dir, 'sub'));
  journal.append({ n: 3 });
  await journal.flush();
  expect(await all(new Journal({ path: join(dir, 'sub/events.jsonl'), schema }))).toEqual([
    0, 1, 2, 3,
  ]);
});

test('keeps memory bounded while the disk refuses', async () => {
  await writeFile(join(dir, 'sub'), '');
  const journal = new Journal({
    path: join(dir, 'sub/text.jsonl'),
    schema: z.string(),
  });
  for (let i = 0; i < 3000; i += 1) journal.append(`${i} ${'x'.repeat(1000)}`);
  let kept = 0;
  for await (const _ of journal.read({ follow: false })) kept += 1;
  expect(kept).toBeGreaterThan(400);
  expect(kept).toBeLessThan(1100);
});

test('the last words of a process are written at once', async () => {
  const journal = new Journal({ path, schema });
  journal.append({ n: 1 });
  journal.flushSync();
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n');
  await journal.flush();
  expect(await all(journal)).toEqual([1]);
});

test('reads any file without throwing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await writeFile(path, bytes);
      await appendFile(path, '\n{"n":7}\n');
      expect((await all(new Journal({ path, schema }))).at(-1)).toBe(7);
    }),
    { numRuns: 50 },
  );
});
