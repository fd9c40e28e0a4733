// medium-latency.mjs URL PASSWORD DEVICE OFFSET: puts the selected image in over the API and reads the
// device until it has 2 KiB at that offset; prints how long that took, ms.
import { closeSync, openSync, readSync } from 'node:fs';

const [, , url, password, device, offset] = process.argv;
/** Also warms up both programs. */
const login = await fetch(`${url}/api/auth/login`, {
  method: 'POST',
  body: new URLSearchParams({ user: 'admin', passwd: password }),
});
const headers = { cookie: login.headers.get('set-cookie').split(';')[0] };
await fetch(`${url}/api/msd`, { headers });
const block = Buffer.alloc(2048);

function isReadable() {
  let fd;
  try {
    fd = openSync(device);
    return readSync(fd, block, 0, block.length, Number(offset)) === block.length;
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const before = performance.now();
const answer = await fetch(`${url}/api/msd/set_connected?connected=1`, { method: 'POST', headers });
if (!answer.ok) throw new Error(await answer.text());
while (!isReadable()) await new Promise(setImmediate);
console.log(performance.now() - before);
