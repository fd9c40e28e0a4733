import { defineConfig } from 'vite';

/**
 * Addresses are relative, so that the page works at `/`, below `/m/{id}/` and below any prefix of
 * a proxy. Nothing is inlined: the page is served with `default-src 'self'`.
 */
export default defineConfig({
  base: './',
  resolve: { conditions: ['source', 'browser', 'module', 'import', 'default'] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The contract's modules only declare, so zod stays out of the page where it is not used.
    rolldownOptions: {
      treeshake: { moduleSideEffects: (id) => !id.includes('/packages/api/') },
    },
  },
});
