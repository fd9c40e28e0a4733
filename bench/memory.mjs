// Memory of the server with a real machine: idle, and with eight MJPEG viewers of a busy 1080p
// screen, two of them stalled; JSON on standard output.
//   npm run build && node bench/memory.mjs [--seconds N]      (600 for the goal's ten minutes)
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { busyMachine, keepBusy, resolutionOf, watch } from './busy-machine.mjs';
import { machine, startServer } from './server.mjs';

const GOAL_IDLE_MIB = 120;
/** What the second half may use more than the first: the collector's own play. */
const GOAL_GROWTH_MIB = 16;
const IDLE_MS = 15_000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
const server = await startServer('bench', busyMachine());
const rssMib = () => {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const headers = { authorization: `Basic ${btoa('admin:bench')}` };
const viewers = [];
let serial;
try {
  await sleep(IDLE_MS);
  const idleMib = rssMib();
  serial = await keepBusy(server.state);
  for (let index = 0; index < 8; index++) {
    viewers.push(await watch(server.url, headers, { stalled: index >= 6 }));
  }
  const samples = [];
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    await sleep(Math.min(1000, seconds * 10));
    samples.push(rssMib());
  }
  const resolution = await resolutionOf(server.url, headers);
  // The first quarter is the warming-up of heaps and encoders.
  const steady = samples.slice(samples.length >> 2);
  const peak = (list) => Math.max(...list);
  const firstMib = peak(steady.slice(0, steady.length >> 1));
  const lastMib = peak(steady.slice(steady.length >> 1));
  const fps = viewers.slice(0, 6).map(({ pictures }) => Math.round(pictures / seconds));
  const results = {
    idleMib,
    firstHalfPeakMib: firstMib,
    secondHalfPeakMib: lastMib,
    seconds,
    fps,
    resolution,
  };
  const growthMib = lastMib - firstMib;
  console.log(
    JSON.stringify(
      {
        bench: 'memory',
        machine: machine(),
        results: { ...results, growthMib, peakMib: peak(samples), stalled: 2 },
        goal: { idleMib: GOAL_IDLE_MIB, growthMib: GOAL_GROWTH_MIB },
        met: idleMib < GOAL_IDLE_MIB && growthMib <= GOAL_GROWTH_MIB,
      },
      null,
      2,
    ),
  );
} finally {
  for (const viewer of viewers) viewer.close();
  serial?.destroy();
  await server.stop();
}
