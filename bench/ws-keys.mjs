// Binary key events per second into a driver that only counts; JSON on standard output.
//   npm run build && node bench/ws-keys.mjs [--events N]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';

const GOAL = 100_000;

if (isMainThread) {
  const DIST = new URL('../packages/server/dist/', import.meta.url);
  const { EventSocket } = await import(new URL('frontends/ws/event-socket.js', DIST).href);
  const { Hid } = await import(new URL('core/hid.js', DIST).href);
  const { StateCell } = await import(new URL('core/state.js', DIST).href);
  const { silentLog } = await import(new URL('core/log.js', DIST).href);
  const { values } = parseArgs({ options: { events: { type: 'string', default: '500000' } } });
  const events = Number(values.events);
  const driver = countingDriver(StateCell);
  const hid = new Hid({ driver, log: silentLog });
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    const host = { machine: { hid }, events: { join: () => () => {} } };
    new EventSocket(socket, { host, stream: false, mayInput: true, name: 'bench', log: silentLog });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { port: server.address().port, events },
  });
  const [{ ms }] = await once(worker, 'message');
  const perSecond = Math.round((events * 1000) / ms);
  const machine = { cpus: cpus().length, node: process.version, loadavg: loadavg() };
  const lost = events - driver.count;
  const met = perSecond >= GOAL && lost === 0;
  console.log(
    JSON.stringify(
      { bench: 'ws-keys', machine, events, perSecond, lost, goal: GOAL, met },
      null,
      2,
    ),
  );
  process.exit(0);
} else {
  await send(workerData);
}

/** Sends the events and then a ping: its answer means that all have been taken. */
async function send({ port, events }) {
  const { parentPort } = await import('node:worker_threads');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
  await once(socket, 'open');
  const down = Buffer.from('01014b657941', 'hex');
  const up = Buffer.from('01004b657941', 'hex');
  const began = performance.now();
  for (let sent = 0; sent < events; sent += 2) {
    socket.send(down);
    socket.send(up);
    if (sent % 2000 === 0 && socket.bufferedAmount > 1024 * 1024) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  socket.send(Buffer.of(0));
  await once(socket, 'message');
  parentPort.postMessage({ ms: performance.now() - began });
  socket.terminate();
}

function countingDriver(StateCell) {
  const outputs = { available: [], active: '' };
  const leds = { caps: false, scroll: false, num: false };
  return {
    enabled: true,
    backlog: 0,
    count: 0,
    state: new StateCell({
      online: true,
      busy: false,
      connected: null,
      keyboard: { online: true, leds, outputs },
      mouse: { online: true, absolute: true, outputs },
    }),
    key() {
      this.count += 1;
    },
    drained: () => Promise.resolve(),
  };
}
