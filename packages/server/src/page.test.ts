import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadPage } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'cc-page-files-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('knows the packed files of the build, and serves none of them by its own name', async () => {
  for (const name of ['index.html', 'index.html.br', 'index.html.gz', 'plain.svg']) {
    writeFileSync(join(folder, name), name);
  }
  const files = await loadPage(folder);
  expect([...(files?.keys() ?? [])].sort()).toEqual(['/index.html', '/plain.svg']);
  const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
  const packed = files?.get('/index.html')?.packed;
  expect([text(packed?.br), text(packed?.gzip)]).toEqual(['index.html.br', 'index.html.gz']);
  expect(files?.get('/plain.svg')?.packed).toEqual({});
  expect(await loadPage(join(folder, 'nowhere'))).toBeUndefined();
});
