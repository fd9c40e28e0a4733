// `npm test`: sets up, then lint, types, dead code and tests. Arguments go to vitest, for instance
// `npm test -- --project unit`. The last line of a test run is `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { inRoot, installNodeAv, orStop, ROOT, setUp, TEST_PACKAGES } from './setup.mjs';

const CHECKS = [
  ['lint', 'biome', ['check', '--error-on-warnings']],
  ['types', 'tsc', ['-b']],
  ['dead code', 'knip', []],
];

/** Runs a program of node_modules in this terminal and returns its exit code. */
function run(name, args) {
  const result = spawnSync(inRoot('node_modules/.bin', name), args, {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

orStop(() => {
  setUp(TEST_PACKAGES);
  installNodeAv();
});
for (const [what, name, args] of CHECKS) {
  process.stderr.write(`Checking ${what} …\n`);
  if (run(name, args) !== 0) {
    process.stderr.write(`The ${what} check failed; no test was run.\n`);
    process.exit(1);
  }
}
process.exitCode = run('vitest', ['run', ...process.argv.slice(2)]);
