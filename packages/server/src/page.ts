import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PageFiles, pageFile } from './frontends/http/page-files.ts';

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url));

/** The built page, whole in memory; undefined when it has not been built. */
export async function loadPage(folder: string = DIST): Promise<PageFiles | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  );
  if (entries === undefined) return undefined;
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        const path = `/${relative(folder, file)}`;
        return [path, pageFile(path, await readFile(file))] as const;
      }),
  );
  return new Map(files);
}
