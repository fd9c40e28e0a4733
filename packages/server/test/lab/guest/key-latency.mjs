// key-latency.mjs URL PASSWORD DEVICE COUNT PID: how long it takes from a key at the API's socket to its event
// in the same kernel, and what that costs the server of this pid. Prints JSON: `delays` in ms, without
// those of the first half, which warm up both programs, and what one of the others takes of the processor
// in the server itself (`userMs`) and in the kernel for it (`systemMs`).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const [, , url, password, device, count, pid] = process.argv;
/** A tick of proc(5), ms. */
const TICK_MS = 10;
/** Bytes of struct input_event, and its type EV_KEY. */
const EVENT_BYTES = 24;
const KEY = 1;
/** Its value when a key that is held repeats by itself. */
const REPEAT = 2;
const headers = { 'X-KVMD-User': 'admin', 'X-KVMD-Passwd': password };

const now = () => performance.timeOrigin + performance.now();

/** Time that the processor has spent in the server, and in the kernel for it, ms. */
function cpu() {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return { userMs: Number(fields[11]) * TICK_MS, systemMs: Number(fields[12]) * TICK_MS };
}

const reader = spawn('cat', [device], { stdio: ['ignore', 'pipe', 'inherit'] });
let rest = Buffer.alloc(0);
const keys = [];
let wake = () => {};
reader.stdout.on('data', (piece) => {
  rest = Buffer.concat([rest, piece]);
  for (; rest.length >= EVENT_BYTES; rest = rest.subarray(EVENT_BYTES)) {
    if (rest.readUInt16LE(16) !== KEY || rest.readInt32LE(20) === REPEAT) continue;
    keys.push(Number(rest.readBigUInt64LE(0)) * 1000 + Number(rest.readBigUInt64LE(8)) / 1000);
  }
  wake();
});

const socket = new WebSocket(url, { headers });
await once(socket, 'open');
const delays = [];
const half = Number(count) / 2;
let before = cpu();
for (let sent = 0; sent < Number(count); ) {
  if (sent === half) before = cpu();
  for (const state of [1, 0]) {
    const sentMs = now();
    socket.send(Buffer.concat([Buffer.of(1, state), Buffer.from('KeyA')]));
    sent += 1;
    while (keys.length < sent) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    delays.push(keys[sent - 1] - sentMs);
  }
}
const after = cpu();
console.log(
  JSON.stringify({
    delays: delays.slice(half),
    userMs: (after.userMs - before.userMs) / half,
    systemMs: (after.systemMs - before.systemMs) / half,
  }),
);
socket.close();
reader.kill();
