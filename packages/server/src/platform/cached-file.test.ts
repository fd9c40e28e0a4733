import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CachedFile } from './cached-file.ts';

let dir = '';
let parsed: (string | undefined)[] = [];
let file: CachedFile<{ readonly text: string | undefined }>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-cached-'));
  parsed = [];
  file = new CachedFile(join(dir, 'a'), (text) => {
    parsed.push(text);
    return { text };
  });
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('CachedFile', () => {
  it('sees each change at once, even of the same size within one tick', async () => {
    for (let i = 0; i < 20; i++) {
      await writeFile(file.path, String(i % 10));
      expect((await file.read()).text).toBe(String(i % 10));
    }
  });

  it('parses the same text once, also for many readers at the same time', async () => {
    await writeFile(file.path, 'x');
    const first = await file.read();
    await utimes(file.path, 1, 1);
    expect(await file.read()).toBe(first);
    await Promise.all(Array.from({ length: 10 }, () => file.read()));
    expect(parsed).toEqual(['x']);
  });

  it('sees a file come and go', async () => {
    expect((await file.read()).text).toBeUndefined();
    await writeFile(file.path, 'x');
    expect((await file.read()).text).toBe('x');
    await rm(file.path);
    expect((await file.read()).text).toBeUndefined();
  });

  it('reads bytes that are not UTF-8, and rejects where it cannot read', async () => {
    await writeFile(file.path, new Uint8Array([0x61, 0xff]));
    expect((await file.read()).text).toBe('a\ufffd');
    await rm(file.path);
    await expect(new CachedFile(dir, String).read()).rejects.toThrow('EISDIR');
  });
});
