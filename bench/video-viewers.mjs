import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch } from './busy-machine.mjs';
import { cpuPercent, rssMib, sleep } from './figures.mjs';
import { startServer } from './server.mjs';
import { serveQmp, VncGuest } from './vnc-guest.mjs';

const headers = { authorization: `Basic ${btoa('admin:bench')}` };
const MORE = 32;
const SETTLE_MS = 8000;

/** What a still screen costs with 8 viewers, and what viewers of a moving one take of memory. */
export async function viewers() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-viewers-'));
  const attach = { qmp: join(folder, 'qmp'), vnc: join(folder, 'vnc') };
  const guest = new VncGuest();
  const listening = [await serveQmp(attach.qmp), await guest.listen(attach.vnc)];
  const server = await startServer('bench', `qemu: {attach: ${JSON.stringify(attach)}}\n`);
  const open = [];
  const join8 = async (count, options) => {
    for (let index = 0; index < count; index++)
      open.push(await watch(server.url, headers, options));
  };
  let ticking;
  try {
    await join8(8, {});
    await sleep(4000);
    const stillCpu = await cpuPercent([server.pid], 10);
    ticking = setInterval(() => guest.change(640), 1000 / 30);
    const settled = async () => {
      await sleep(SETTLE_MS);
      // The collector's play is above what is in use.
      let least = Number.POSITIVE_INFINITY;
      for (let index = 0; index < 60; index++) {
        least = Math.min(least, rssMib(server.pid));
        await sleep(200);
      }
      return least;
    };
    const base = await settled();
    await join8(MORE, {});
    const more = await settled();
    await join8(MORE, { stalled: true });
    const stalled = await settled();
    const per = (after, before) => Number(((after - before) / MORE).toFixed(3));
    const [perViewerMib, perStalledMib] = [per(more, base), per(stalled, more)];
    const frameMib = Number((open[0].bytes / open[0].pictures / 1048576).toFixed(3));
    return {
      ...{ stillCpu, stillViewers: 8, perViewerMib, perStalledMib, frameMib },
      goal: { stillCpu: 1, perViewerMib: 0.5, perStalledMib: frameMib },
      met: stillCpu < 1 && perViewerMib < 0.5 && perStalledMib < frameMib,
    };
  } finally {
    clearInterval(ticking);
    for (const viewer of open) viewer.close();
    await server.stop();
    for (const each of listening) each.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
