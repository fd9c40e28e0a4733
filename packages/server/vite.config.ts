import { defineConfig } from 'vite';

/**
 * The server as a few files, because Node reads a thousand small ones slowly: a start takes half
 * the time. Native libraries stay outside; they are loaded by the part that needs them.
 */
export default defineConfig({
  resolve: { conditions: ['source'] },
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
