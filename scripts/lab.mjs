// `npm run lab`: the server with its Linux drivers on a real kernel, in an emulated machine. Arguments
// go to vitest, for instance `npm run lab -- hid`. What was measured is in .cache/lab/figures.jsonl.
import { spawnSync } from 'node:child_process';
import { inRoot, LAB_PACKAGES, orStop, ROOT, setUp } from './setup.mjs';

orStop(() => setUp(LAB_PACKAGES));
const args = ['run', '--project', 'lab*', ...process.argv.slice(2)];
const { status } = spawnSync(inRoot('node_modules/.bin/vitest'), args, {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
