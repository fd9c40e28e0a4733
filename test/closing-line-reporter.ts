import type { Reporter, TestModule } from 'vitest/node';

/**
 * Closes a run with the one line that CI reads: `N passed, N failed, N skipped`. A test that passed
 * only when it was tried again is named before it, with what went wrong: it waits too short.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const flaky: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        counts[test.result().state]++;
        if (test.diagnostic()?.flaky) {
          const [error] = test.result().errors ?? [];
          flaky.push(`${test.fullName} (${error?.message.split('\n', 1)[0] ?? 'no error'})`);
        }
      }
      // A file that cannot be loaded has no tests to count, yet it is a failure.
      if (module.errors().length > 0) counts.failed++;
    }
    const failed = counts.failed + counts.pending + unhandledErrors.length;
    // The default reporter prints its summary after this hook; the line must come last.
    process.once('exit', () => {
      for (const name of flaky) process.stdout.write(`Passed at the second try only: ${name}\n`);
      process.stdout.write(
        `${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`,
      );
    });
  }
}
