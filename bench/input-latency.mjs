// From a key on a WebSocket to its command on QEMU's control socket, while viewers watch a
// busy 1080p screen; JSON on standard output.
//   npm run build && node bench/input-latency.mjs [--events N] [--viewers N]
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { busyArguments, keepBusy, resolutionOf, watch } from './busy-machine.mjs';
import { machine, startServer } from './server.mjs';

const GOAL_MS = 2;
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '500' },
    viewers: { type: 'string', default: '4' },
  },
});
const VIEWERS = Number(values.viewers);
const headers = { authorization: `Basic ${btoa('admin:bench')}` };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

if (isMainThread) await main();
else for (let index = 0; index < VIEWERS; index++) await watch(workerData, headers);

async function main() {
  const state = mkdtempSync(join(tmpdir(), 'bench-qemu-'));
  const qemu = await startQemu(state);
  const proxy = await startProxy(join(state, 'proxy.sock'), qemu.qmp);
  const attach = { qmp: proxy.path, vnc: qemu.vnc };
  const server = await startServer('bench', `qemu: {attach: ${JSON.stringify(attach)}}\n`);
  const serial = await keepBusy(state);
  // Its own thread, as reading pictures must not delay our clock.
  const viewers = new Worker(new URL(import.meta.url), {
    workerData: server.url,
    argv: process.argv.slice(2),
  });
  try {
    const address = `${server.url.replace('http', 'ws')}api/ws`;
    const socket = new WebSocket(address, { headers, perMessageDeflate: false });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    await sleep(5000);
    const resolution = await resolutionOf(server.url, headers);
    const times = [];
    for (let index = 0; index < Number(values.events); index++) {
      const seen = proxy.nextKey();
      const began = performance.now();
      socket.send(Buffer.from(`\x01${index % 2 === 0 ? '\x01' : '\x00'}KeyA`, 'latin1'));
      times.push((await seen) - began);
      // Longer than the pause that keeps a USB keyboard from losing keys, and out of step with it.
      await sleep(10 + Math.random() * 30);
    }
    socket.terminate();
    report(times, resolution);
  } finally {
    await viewers.terminate();
    serial.destroy();
    await server.stop();
    await qemu.stop();
    proxy.close();
    rmSync(state, { recursive: true, force: true });
  }
}

function report(times, resolution) {
  times.sort((a, b) => a - b);
  const at = (part) => Number(times[Math.ceil(times.length * part) - 1].toFixed(2));
  const results = { p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), worstMs: at(1) };
  console.log(
    JSON.stringify(
      {
        bench: 'input-latency',
        machine: machine(),
        results: { ...results, events: times.length, viewers: VIEWERS, resolution },
        goal: { p99Ms: GOAL_MS },
        met: results.p99Ms < GOAL_MS,
      },
      null,
      2,
    ),
  );
}

/** A machine that nobody holds the control socket of. */
async function startQemu(stateDir) {
  const DIST = new URL('../packages/server/dist/', import.meta.url);
  const { startQemuMachine } = await import(new URL('drivers/qemu/machine.js', DIST).href);
  const { endQemu } = await import(new URL('drivers/qemu/qemu-process.js', DIST).href);
  const { until } = await import(new URL('core/state.js', DIST).href);
  const { silentLog } = await import(new URL('core/log.js', DIST).href);
  const options = { id: 'default', stateDir, accel: 'tcg', memoryMib: 256 };
  const running = await startQemuMachine({ ...options, extraArgs: busyArguments() }, silentLog);
  await until(running.status, (status) => status === 'running', AbortSignal.timeout(20_000));
  const id = running.processId;
  await running.stop({ kill: false });
  return {
    qmp: join(stateDir, 'machines', 'default', 'qmp.sock'),
    vnc: running.vncSocketPath,
    stop: () => endQemu(id, 0),
  };
}

/** Between server and QEMU; tells when a key passes. */
async function startProxy(path, target) {
  let resolveKey = () => undefined;
  const proxy = createServer((near) => {
    const far = connect(target);
    near.on('data', (chunk) => {
      if (chunk.includes('input-send-event') && chunk.includes('"data":"a"')) {
        resolveKey(performance.now());
      }
      far.write(chunk);
    });
    far.on('data', (chunk) => near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  proxy.listen(path);
  await once(proxy, 'listening');
  return {
    path,
    nextKey: () =>
      new Promise((resolve) => {
        resolveKey = resolve;
      }),
    close: () => proxy.close(),
  };
}
