// `npm start`: sets up, then is the server, so that Ctrl-C and exit codes are its own.
import { inRoot, orStop, START_PACKAGES, setUp } from './setup.mjs';

const argv = process.argv.slice(2);
const needsMachine = !argv.some((arg) => ['--no-machine', '--help', '-h'].includes(arg));
orStop(() => setUp(needsMachine ? START_PACKAGES : []));

const main = inRoot('packages/server/bundle/main.js');
process.argv = [process.execPath, main, 'run', ...argv];
await import(main);
