import { defineConfig } from 'vitest/config';

/**
 * Unit tests run beside their sources; `e2e` drives real QEMU, Chromium and the started server; `lab`
 * runs the server on a kernel of its own. Files of the last two run one by one.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      {
        resolve: { conditions: ['source'] },
        ssr: { resolve: { conditions: ['source'] } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          setupFiles: ['test/fuzz-runs.ts'],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { conditions: ['source'] },
        ssr: { resolve: { conditions: ['source'] } },
        test: {
          name: 'e2e',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: ['packages/*/test/lab/**'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real machines on a shared box: what passes at the second try only is named at the end.
          retry: 1,
          // A busy machine takes longer than the second that is vitest's own.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        resolve: { conditions: ['source'] },
        ssr: { resolve: { conditions: ['source'] } },
        test: {
          name: 'lab',
          include: ['packages/server/test/lab/**/*.test.ts'],
          globalSetup: ['packages/server/test/lab/support/prepare.ts'],
          fileParallelism: false,
          // Emulated: an order of magnitude slower than this box, which others may load.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          retry: 1,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
