import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BrokenDocumentError, Document } from './document.ts';

const schema = z.strictObject({ count: z.int() });
let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-doc-'));
  path = join(dir, 'things.json');
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('Document', () => {
  it('begins with the initial value and keeps changes over a reopening', async () => {
    const document = await Document.open(path, schema, { count: 1 });
    await document.update(({ count }) => ({ count: count + 1 }));
    expect((await Document.open(path, schema, { count: 1 })).value).toEqual({ count: 2 });
  });

  it('loses no change when many come at once', async () => {
    const document = await Document.open(path, schema, { count: 0 });
    await Promise.all(
      Array.from({ length: 25 }, () => document.update(({ count }) => ({ count: count + 1 }))),
    );
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ count: 25 });
  });

  it('refuses a change that does not fit and goes on', async () => {
    const document = await Document.open(path, schema, { count: 0 });
    await expect(document.update(() => ({ count: 0.5 }))).rejects.toThrow(z.ZodError);
    expect(document.value).toEqual({ count: 0 });
    await document.update(() => ({ count: 7 }));
    expect(document.value).toEqual({ count: 7 });
  });

  it.each([
    ['{"count": 1', 'JSON'],
    ['{"count": "x"}', 'count'],
    ['', 'JSON'],
  ])('names a damaged file and keeps it aside: %s', async (text, reason) => {
    await writeFile(path, text);
    const opening = Document.open(path, schema, { count: 0 });
    await expect(opening).rejects.toThrow(BrokenDocumentError);
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toThrow(path);
    expect(await readFile(`${path}.broken`, 'utf8')).toBe(text);
    expect((await Document.open(path, schema, { count: 3 })).value).toEqual({ count: 3 });
  });
});
