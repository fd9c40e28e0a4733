// `npm run soak`: the long runs that are no part of `npm test`: each property of the codecs with a
// hundred times the inputs, a million requests of all kinds to the API, every character of every
// keyboard layout and 100,000 in one text typed into guests, the server killed a thousand times in the
// middle of what it does with images, then ten minutes of eight viewers, two of them stalled.
import { spawnSync } from 'node:child_process';
import { inRoot, orStop, ROOT, setUp, TEST_PACKAGES } from './setup.mjs';

const FUZZED = ['protocols', 'validators', 'squash', 'dirty-region', 'htpasswd-file', 'log-reader'];
const VIEWERS_S = 600;

function run(program, args, env = {}) {
  const result = spawnSync(program, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** End-to-end tests with larger numbers. */
function runTests(name, env) {
  run(inRoot('node_modules/.bin/vitest'), ['run', '--project', 'e2e*', name], env);
}

orStop(() => setUp(TEST_PACKAGES));
const fuzz = ['run', '--project', 'unit', '--testTimeout', '1800000', ...FUZZED];
run(inRoot('node_modules/.bin/vitest'), fuzz, { FUZZ_RUNS: process.env.FUZZ_RUNS ?? '20000' });
runTests('hostile-', {
  HOSTILE_REQUESTS: process.env.HOSTILE_REQUESTS ?? '1000000',
  HOSTILE_ROUNDS: process.env.HOSTILE_ROUNDS ?? '20000',
});
runTests('typing-guest', { TYPING: 'all' });
runTests('msd-kill', { MSD_KILLS: process.env.MSD_KILLS ?? '1000' });
runTests('qemu-msd-attached', { DRIVE_KILLS: process.env.DRIVE_KILLS ?? '1000' });
run(process.execPath, [inRoot('bench/memory.mjs'), '--seconds', String(VIEWERS_S)]);
