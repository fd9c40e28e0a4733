import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Compilers of JSON schemas, two fifths of fastify's code, which the server tells it not to use. */
const UNUSED = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'];
const nothing = fileURLToPath(new URL('src/frontends/http/no-compiler.ts', import.meta.url));

/**
 * The server as a few files, because Node reads a thousand small ones slowly: a start takes half
 * the time. Native libraries stay outside; they are loaded by the part that needs them.
 */
export default defineConfig({
  resolve: {
    conditions: ['source'],
    alias: UNUSED.map((find) => ({ find, replacement: nothing })),
  },
  ssr: {
    noExternal: true,
    external: ['koffi', '@julusian/jpeg-turbo', 'node-datachannel'],
    resolve: { conditions: ['source', 'node'] },
  },
  build: {
    ssr: true,
    outDir: 'bundle',
    target: 'node20',
    minify: false,
    sourcemap: true,
    license: { fileName: 'licenses.json' },
    rolldownOptions: {
      input: { main: 'src/main.ts', 'hash-worker': 'src/auth/hashes/hash-worker.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
