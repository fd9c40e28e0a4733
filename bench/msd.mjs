// The image store: uploads of curl over loopback beside `cat` to the same disk, the memory of the server
// meanwhile, and the listing of many images; JSON on standard output.
//   node bench/msd.mjs [--mib N] [--rounds N] [--images N]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, startServer } from './server.mjs';

const GOALS = { uploadRatio: 0.6, growthMib: 100, listMs: 50 };
const MIB = 1024 * 1024;
const PASSWD = 'admin';
const CONFIG = `qemu: {memory: 64}
kvmd: {hid: {type: disabled}, atx: {type: disabled}, streamer: {type: disabled}}
`;

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '2048' },
    rounds: { type: 'string', default: '9' },
    images: { type: 'string', default: '10000' },
  },
});
const bytes = Number(values.mib) * MIB;

/** Sends a request; its answer. */
function send(url, options) {
  const open = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = open(url, { ...options, rejectUnauthorized: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`${response.statusCode} ${text}`));
    });
    request.on('error', reject);
    request.end();
  });
}

const auth = { authorization: `Basic ${Buffer.from(`admin:${PASSWD}`).toString('base64')}` };

/** Resident memory of a process, MiB. */
function residentMib(pid) {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** MiB/s of `cat SOURCE > TARGET`, safely on disk as our images are when they are confirmed. */
function catSpeedOf(source, target) {
  const beganMs = performance.now();
  const out = openSync(target, 'w');
  spawnSync('cat', [source], { stdio: ['ignore', out, 'inherit'] });
  spawnSync('sync', [target]);
  const mibPerSecond = bytes / MIB / ((performance.now() - beganMs) / 1000);
  closeSync(out);
  rmSync(target);
  settle(target);
  return mibPerSecond;
}

/** What a removed file gives back must not be the work of who comes next. */
function settle(path) {
  spawnSync('sync', ['-f', dirname(path)]);
}

async function upload(server, source) {
  const before = residentMib(server.pid);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentMib(server.pid));
  }, 100);
  const beganMs = performance.now();
  const argv = ['-ksS', '--fail', '-u', `admin:${PASSWD}`, '-X', 'POST', '-T', source];
  const curl = spawn('curl', [...argv, `${server.url}api/msd/write?image=bench.img`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(curl, 'close');
  if (code !== 0) throw new Error(`curl ended with ${code}`);
  const mibPerSecond = bytes / MIB / ((performance.now() - beganMs) / 1000);
  clearInterval(timer);
  await send(`${server.url}api/msd/remove?image=bench.img`, { method: 'POST', headers: auth });
  settle(source);
  return { mibPerSecond, growthMib: most - before };
}

/** Each time after a change, so that nothing is kept from the last one. */
async function listTimes(server) {
  const folder = join(server.state, 'msd', 'many');
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < Number(values.images); n += 1) writeFileSync(join(folder, `${n}.iso`), '');
  let count = 0;
  while (count < Number(values.images)) count = Object.keys((await list(server)).images).length;
  const timesMs = [];
  for (let n = 0; n < 20; n += 1) {
    const query = `image=many/${n % Number(values.images)}.iso`;
    await send(`${server.url}api/msd/set_params?${query}`, { method: 'POST', headers: auth });
    const beganMs = performance.now();
    await send(`${server.url}api/msd`, { headers: auth });
    timesMs.push(performance.now() - beganMs);
  }
  return timesMs;
}

async function list(server) {
  return JSON.parse(await send(`${server.url}api/msd`, { headers: auth })).result.storage;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Copies and uploads take turns: the speed of the disk below changes from minute to minute. */
async function rounds(server) {
  const source = join(server.state, 'source.img');
  const target = join(server.state, 'target.img');
  spawnSync('dd', ['if=/dev/urandom', `of=${source}`, 'bs=1M', `count=${values.mib}`], {
    stdio: 'ignore',
  });
  spawnSync('sync', [source]);
  const found = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const before = catSpeedOf(source, target);
    const { mibPerSecond, growthMib } = await upload(server, source);
    const catSpeed = (before + catSpeedOf(source, target)) / 2;
    found.push({ mibPerSecond, growthMib, catSpeed, ratio: mibPerSecond / catSpeed });
  }
  rmSync(source);
  return found;
}

async function transport(tls) {
  const server = await startServer(PASSWD, CONFIG, { tls });
  try {
    const found = await rounds(server);
    const ratio = median(found.map((round) => round.ratio));
    const growthMib = Math.max(...found.map((round) => round.growthMib));
    const timesMs = tls ? undefined : await listTimes(server);
    return {
      transport: tls ? 'https' : 'http',
      mib: Number(values.mib),
      rounds: found.length,
      uploadMibPerSecond: Math.round(median(found.map((round) => round.mibPerSecond))),
      catMibPerSecond: Math.round(median(found.map((round) => round.catSpeed))),
      ratios: found.map((round) => Number(round.ratio.toFixed(2))),
      ratio: Number(ratio.toFixed(3)),
      ...(tls ? {} : { met: ratio >= GOALS.uploadRatio }),
      growthMib: Math.round(growthMib),
      flat: growthMib < GOALS.growthMib,
      ...(timesMs && {
        images: Number(values.images),
        listMs: Number(median(timesMs).toFixed(1)),
        listMet: median(timesMs) < GOALS.listMs,
      }),
    };
  } finally {
    await server.stop();
  }
}

const results = [await transport(false), await transport(true)];
console.log(JSON.stringify({ bench: 'msd', machine: machine(), goals: GOALS, results }, null, 2));
