import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { childrenOf, cpuPercent, sleep } from './figures.mjs';
import { startServer } from './server.mjs';

const USTREAMER = '/usr/bin/ustreamer';
const DEVICE = fileURLToPath(
  new URL('../packages/server/test/fixtures/capture-device.c', import.meta.url),
);
const CLIENTS = 32;
const SECONDS = 8;
const JPEG_BYTES = 150_000;

/**
 * MJPEG to 32 clients at 30 pictures of 150 kB a second: the same made-up grabber behind Debian's
 * µStreamer alone, and behind crashcart, which has a µStreamer to itself. CPU in percent of a core.
 */
export async function fanout() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fanout-'));
  const device = join(folder, 'video');
  for (const file of [device, `${device}.signal`]) writeFileSync(file, '');
  const library = join(folder, 'device.so');
  execFileSync('tcc', ['-shared', '-o', library, DEVICE, '-ldl', '-lpthread']);
  const jpeg = join(folder, 'picture.jpg');
  writeFileSync(jpeg, makePicture());
  const preload = { CAPTURE_DEVICE: device, CAPTURE_JPEG: jpeg, LD_PRELOAD: library };
  const capture = [`--device=${device}`, '--format=MJPEG', '--encoder=HW'];
  capture.push('--resolution=640x480');
  try {
    const ustreamer = await ofUstreamer(capture, preload);
    const crashcart = await ofCrashcart(capture, preload);
    const share = Number((crashcart.cpu / ustreamer.cpu).toFixed(2));
    return {
      clients: CLIENTS,
      ustreamer,
      crashcart,
      share,
      goal: { share: 0.5 },
      met: share <= 0.5,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A JPEG file of noise, filled up to its size; bytes 6 to 9 are a comment that the device counts in. */
function makePicture() {
  const argv = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=640x480', '-frames:v', '1'];
  const file = execFileSync('ffmpeg', [...argv, '-q:v', '2', '-f', 'mjpeg', '-']);
  const comments = [Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0])];
  for (let rest = JPEG_BYTES - file.length; rest > 4; ) {
    const bytes = Math.min(rest, 60_000);
    const head = Buffer.from([0xff, 0xfe, 0, 0]);
    head.writeUInt16BE(bytes - 2, 2);
    comments.push(head, Buffer.alloc(bytes - 4, 32));
    rest -= bytes;
  }
  return Buffer.concat([file.subarray(0, 2), ...comments, file.subarray(2)]);
}

async function ofUstreamer(capture, preload) {
  const port = 20_000 + (process.pid % 10_000);
  const argv = [...capture, '--host=127.0.0.1', `--port=${port}`];
  const child = spawn(USTREAMER, argv, { env: { ...process.env, ...preload }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await sleep(1500);
    return await measure(`http://127.0.0.1:${port}/stream`, '', [child.pid]);
  } finally {
    child.kill();
    await ended;
  }
}

async function ofCrashcart(capture, preload) {
  const variables = Object.entries(preload).map(([name, value]) => `${name}=${value}`);
  const command = [
    '/usr/bin/env',
    ...variables,
    USTREAMER,
    ...capture,
    '--unix={unix}',
    '--unix-rm',
  ];
  const parts = ['hid', 'atx', 'msd'].map((part) => `  ${part}: {type: disabled}\n`).join('');
  const streamer = `{type: ustreamer, cmd: ${JSON.stringify(command)}}`;
  const server = await startServer('bench', `kvmd:\n${parts}  streamer: ${streamer}\n`);
  try {
    const url = new URL('/streamer/stream', server.url).href;
    return await measure(url, `Basic ${btoa('admin:bench')}`, [server.pid]);
  } finally {
    await server.stop();
  }
}

async function measure(url, authorization, pids) {
  const worker = new Worker(new URL('./mjpeg-readers.mjs', import.meta.url), {
    workerData: { url, authorization, clients: CLIENTS },
  });
  const bytes = () =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage('');
    });
  try {
    await sleep(2500);
    const before = await bytes();
    const children = pids.flatMap(childrenOf);
    const [cpu, ofChildren] = await Promise.all(
      [pids, children].map((each) => cpuPercent(each, SECONDS)),
    );
    const perClient = ((await bytes()) - before) / CLIENTS / SECONDS;
    return { cpu, ofChildren, fpsPerClient: Number((perClient / JPEG_BYTES).toFixed(1)) };
  } finally {
    await worker.terminate();
  }
}
