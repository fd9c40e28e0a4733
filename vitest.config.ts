import { defineConfig } from 'vitest/config';

const sources = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
};

const inTest = (folder: string, names: readonly string[]) =>
  names.map((name) => `packages/server/test/${folder}${name}.test.ts`);

/**
 * What measures times or memory, counts pictures, types at a guest's pace or follows recordings: it has
 * the computer for itself.
 */
const E2E_FIGURES = inTest('', [
  ...['hash-pool', 'latency', 'linked-boot', 'msd-images', 'service-watch'],
  ...['golden', 'typing-front', 'typing-guest'],
  ...['h264', 'h264-encoders', 'page-capture', 'page-drive', 'page-h264', 'page-server'],
  ...['page-sound', 'page-video', 'signal-loss', 'sound', 'sound-capture', 'ustreamer'],
  ...['v4l2', 'video-hostile', 'webrtc'],
]);
const LAB_FIGURES = inTest('lab/', ['hid', 'msd', 'capture']);

const e2e = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // Real machines on a shared box: what passes at the second try only is named at the end.
  retry: 1,
  // A busy machine takes longer than the second that is vitest's own.
  expect: { poll: { timeout: 20_000 } },
};
const lab = {
  globalSetup: ['packages/server/test/lab/support/prepare.ts'],
  // Emulated: an order of magnitude slower than this box, which others may load.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  retry: 1,
  expect: { poll: { timeout: 20_000 } },
};

/**
 * Unit tests run beside their sources; `e2e` drives real QEMU, Chromium and the started server; `lab`
 * runs the server on a kernel of its own. Of the last two, files that measure run one by one, and then
 * the others in pairs.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          setupFiles: ['test/fuzz-runs.ts'],
          testTimeout: 30_000,
        },
      },
      {
        ...sources,
        test: {
          ...e2e,
          name: 'e2e',
          include: E2E_FIGURES,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...sources,
        test: {
          ...e2e,
          name: 'e2e-pairs',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: ['packages/*/test/lab/**', ...E2E_FIGURES],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...sources,
        test: {
          ...lab,
          name: 'lab',
          include: LAB_FIGURES,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        ...sources,
        test: {
          ...lab,
          name: 'lab-pairs',
          include: inTest('lab/', ['*']),
          exclude: LAB_FIGURES,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
