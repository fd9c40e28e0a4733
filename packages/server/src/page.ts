import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Coding, type Packed, type PageFiles, pageFile } from './frontends/http/page-files.ts';

/** Where the build puts the page. */
export const PAGE_DIR = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** What the build puts behind the name of a file that it packed. */
const ENDINGS = { '.br': 'br', '.gz': 'gzip' } as const satisfies Record<string, Coding>;

/** The built page, whole in memory; undefined when it has not been built. */
export async function loadPage(folder: string = PAGE_DIR): Promise<PageFiles | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  );
  if (entries === undefined) return undefined;
  const contents = new Map(
    await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async (entry) => {
          const file = join(entry.parentPath, entry.name);
          return [`/${relative(folder, file)}`, await readFile(file)] as const;
        }),
    ),
  );
  const packedOf = (path: `/${string}`): Packed =>
    Object.fromEntries(
      Object.entries(ENDINGS).flatMap(([ending, coding]) => {
        const content = contents.get(`${path}${ending}`);
        return content ? [[coding, content]] : [];
      }),
    );
  return new Map(
    [...contents]
      .filter(([path]) => !Object.keys(ENDINGS).includes(extname(path)))
      .map(([path, content]) => [path, pageFile(path, content, packedOf(path))]),
  );
}
