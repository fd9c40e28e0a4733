import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch } from './busy-machine.mjs';
import { cpuPercent, rssMib, sleep } from './figures.mjs';
import { freePort, HeldMemory } from './held-memory.mjs';
import { startServer } from './server.mjs';
import { serveQmp, VncGuest } from './vnc-guest.mjs';

const headers = { authorization: `Basic ${btoa('admin:bench')}` };
/** Many, so that what moves besides is little of each. */
const MORE = 56;
const SETTLE_MS = 8000;
/** Stalled viewers come one after another: else many hold the same picture. */
const APART_MS = 100;
/** Pictures vary in size, but two are more than this. */
const ONE_PICTURE = 1.5;

/** What a still screen costs with 8 viewers, and what viewers of a moving one take of memory. */
export async function viewers() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-viewers-'));
  const attach = { qmp: join(folder, 'qmp'), vnc: join(folder, 'vnc') };
  const guest = new VncGuest();
  const listening = [await serveQmp(attach.qmp), await guest.listen(attach.vnc)];
  const port = await freePort();
  const server = await startServer('bench', `qemu: {attach: ${JSON.stringify(attach)}}\n`, {
    node: [`--inspect=127.0.0.1:${port}`],
  });
  let held;
  const open = [];
  const joined = async (count, options) => {
    for (let index = 0; index < count; index++) {
      open.push(await watch(server.url, headers, options));
      if (options.stalled) await sleep(APART_MS);
    }
  };
  let ticking;
  try {
    await joined(8, {});
    await sleep(4000);
    const stillCpu = await cpuPercent([server.pid], 10);
    held = await HeldMemory.open(port);
    ticking = setInterval(() => guest.change(640), 1000 / 30);
    const settled = async () => {
      await sleep(SETTLE_MS);
      return { held: await held.mib(), rss: rssMib(server.pid) };
    };
    const base = await settled();
    await joined(MORE, {});
    const more = await settled();
    await joined(MORE, { stalled: true });
    const stalled = await settled();
    const per = (after, before) => Number(((after - before) / MORE).toFixed(3));
    const [perViewerMib, perStalledMib] = [per(more.held, base.held), per(stalled.held, more.held)];
    const rss = {
      perViewerMib: per(more.rss, base.rss),
      perStalledMib: per(stalled.rss, more.rss),
    };
    const frameMib = Number((open[0].bytes / open[0].pictures / 1048576).toFixed(3));
    const mostStalledMib = Number((perViewerMib + ONE_PICTURE * frameMib).toFixed(3));
    return {
      ...{ stillCpu, stillViewers: 8, perViewerMib, perStalledMib, frameMib, rss },
      goal: { stillCpu: 1, perViewerMib: 0.5, perStalledMib: mostStalledMib },
      met: stillCpu < 1 && perViewerMib < 0.5 && perStalledMib < mostStalledMib,
    };
  } finally {
    clearInterval(ticking);
    held?.close();
    for (const viewer of open) viewer.close();
    await server.stop();
    for (const each of listening) each.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
