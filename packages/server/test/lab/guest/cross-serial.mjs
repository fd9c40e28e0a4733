// cross-serial.mjs ONE OTHER: sends the first half of its input from one serial port to the other, and the
// second half back at the same time; prints what came, in the same order.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, openSync, readFileSync } from 'node:fs';

const input = readFileSync(0);
const half = input.length / 2;
// A port that nobody holds drops what is under way, and goes back to a terminal's ways.
const [one, other] = process.argv.slice(2).map((path) => {
  const fd = openSync(path, 'r+');
  execFileSync('stty', ['-F', path, 'raw', '-echo', '-hupcl']);
  return fd;
});

/** Sends bytes; resolves to as many that came. */
async function pass(from, to, bytes) {
  const pieces = [];
  const reader = createReadStream('', { fd: to, end: bytes.length - 1, autoClose: false });
  reader.on('data', (piece) => pieces.push(piece));
  createWriteStream('', { fd: from, autoClose: false }).end(bytes);
  await once(reader, 'end');
  return Buffer.concat(pieces);
}

const ways = [pass(one, other, input.subarray(0, half)), pass(other, one, input.subarray(half))];
for (const came of await Promise.all(ways)) process.stdout.write(came);
