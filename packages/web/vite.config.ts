import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Below this many bytes a packed file is hardly smaller. */
const SMALLEST_PACKED = 512;

/** Writes FILE.br and FILE.gz beside each text, so that the server has nothing to compress. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  async writeBundle({ dir = '' }) {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const texts = entries.filter(
      (entry) => entry.isFile() && /\.(html|js|css|svg)$/.test(entry.name),
    );
    await Promise.all(
      texts.map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        const content = await readFile(file);
        if (content.length < SMALLEST_PACKED) return;
        const params = { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT };
        await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params }));
        await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
      }),
    );
  },
};

/**
 * Addresses are relative, so that the page works at `/`, below `/m/{id}/` and below any prefix of
 * a proxy. Nothing is inlined: the page is served with `default-src 'self'`.
 */
export default defineConfig({
  base: './',
  plugins: [packed],
  resolve: { conditions: ['source', 'browser', 'module', 'import', 'default'] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The page gives away code of others; here their names and terms go with it.
    license: { fileName: 'licenses.json' },
    // The contract's modules only declare, so zod stays out of the page where it is not used.
    rolldownOptions: {
      treeshake: { moduleSideEffects: (id) => !id.includes('/packages/api/') },
    },
  },
});
