// How fresh the picture is and what it costs, side by side in one run; JSON on standard output.
//   npm run build && node bench/video.mjs [--only latency,keys,fanout,viewers,hid] [--count N]
// Where node-av is installed, H.264 is measured with it, too. docs/video.md tells how to read it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { machine } from './server.mjs';
import { fanout } from './video-fanout.mjs';
import { keyToPixel } from './video-keys.mjs';
import { frameToCanvas } from './video-latency.mjs';
import { viewers } from './video-viewers.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'latency,keys,fanout,viewers,hid' },
    count: { type: 'string', default: '200' },
  },
});
const count = Number(values.count);

const hid = async () => {
  const script = fileURLToPath(new URL('./input-latency.mjs', import.meta.url));
  const argv = [script, '--viewers', '16', '--events', String(count)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1e7 });
  const { results } = JSON.parse(stdout);
  return { ...results, goal: { p99Ms: 3 }, met: results.p99Ms < 3 };
};
const parts = {
  latency: () => frameToCanvas(count),
  keys: () => keyToPixel(Math.min(count, 100)),
  fanout,
  viewers,
  hid,
};

const results = {};
for (const name of values.only.split(',')) {
  process.stderr.write(`${name} …\n`);
  const before = machine().loadavg[0];
  results[name] = await parts[name]();
  results[name].load = [before, machine().loadavg[0]];
}
process.stdout.write(
  `${JSON.stringify({ bench: 'video', machine: machine(), results }, null, 2)}\n`,
);
process.stdout.writableLength > 0 && (await once(process.stdout, 'drain'));
process.exit(0);
