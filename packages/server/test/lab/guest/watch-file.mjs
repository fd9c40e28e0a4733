// watch-file.mjs FILE: prints `ms value` at the start and at each change of a file of sysfs that tells
// nobody by itself, until it is ended. It looks every 20 ms: an emulated
// processor has more to do.
import { closeSync, openSync, readSync } from 'node:fs';

const fd = openSync(process.argv[2]);
const bytes = Buffer.alloc(64);
let last;
process.once('SIGTERM', () => {
  closeSync(fd);
  process.exit();
});
setInterval(() => {
  const value = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).trim();
  if (value !== last) console.log(`${performance.now().toFixed(1)} ${value}`);
  last = value;
}, 20);
