#!/usr/bin/env node
// µStreamer without a capture device: its command line, its HTTP on a unix socket in the formats of
// 4.9 and 6.x, its log. POST /fake?video=... plays what happens to the signal, or to the program.
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const OPTIONS = [
  ...['device', 'resolution', 'format', 'persistent', 'dv-timings', 'workers', 'quality'],
  ...['desired-fps', 'drop-same-frames', 'slowdown', 'unix', 'unix-rm', 'unix-mode'],
  ...['exit-on-parent-death', 'process-name-prefix', 'notify-parent', 'no-log-colors'],
  ...['version', 'features', 'help', 'fake-version', 'fake-signal', 'fake-log'],
];
const NO_CACHE = {
  'Cache-Control':
    'no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0',
  Pragma: 'no-cache',
  Expires: 'Mon, 3 Jan 2000 12:34:56 GMT',
};

const given = new Map();
for (const argument of process.argv.slice(2)) {
  const [, name, value = ''] = /^--([a-z\d-]+)(?:=(.*))?$/s.exec(argument) ?? [];
  if (!OPTIONS.includes(name)) {
    process.stderr.write(`ustreamer: unrecognized option '${argument}'\n`);
    process.exit(1);
  }
  given.set(name, value);
}
if (given.has('version')) {
  process.stdout.write('6.62\n');
  process.exit(0);
}
if (given.has('features')) {
  process.stdout.write('- WITH_GPIO\n+ WITH_PTHREAD_NP\n+ WITH_SETPROCTITLE\n');
  process.exit(0);
}
if (given.has('help')) {
  process.stdout.write(
    `\nOptions:\n${OPTIONS.map((name) => `    --${name} <v>  ─── One\n`).join('')}`,
  );
  process.exit(0);
}

const isOld = given.get('fake-version') === '4.9';
const fps = Number(given.get('desired-fps') ?? 0);
const quality = Number(given.get('quality') ?? 80);
const streams = new Set();
const signalFile = given.get('fake-signal') ?? '';
let video = existsSync(signalFile) ? readFileSync(signalFile, 'utf8') : 'present';

/** Drawn when it is first asked for: a program that starts is asked for its state at once. */
function lazy(width, height, color) {
  let jpeg;
  return {
    width,
    height,
    get jpeg() {
      jpeg ??= draw(width, height, color);
      return jpeg;
    },
  };
}

function draw(width, height, [blue, green, red]) {
  const pixels = Buffer.alloc(width * height * 4, Buffer.from([blue, green, red, 255]));
  const turbo = createRequire(import.meta.url)('@julusian/jpeg-turbo');
  const format = turbo.FORMAT_BGRX;
  return turbo.compressSync(pixels, {
    format,
    width,
    height,
    subsampling: turbo.SAMP_420,
    quality,
  });
}

const PICTURE = lazy(1280, 720, [255, 0, 0]);
const BLANK = lazy(640, 480, [0, 0, 0]);

const isOnline = () => !['lost', 'absent'].includes(video);
const shown = () => (isOnline() ? PICTURE : BLANK);
const monotonic = () => (Number(process.hrtime.bigint()) / 1e9).toFixed(6);
const say = (level, thread, text) => {
  process.stderr.write(`-- ${level.padEnd(5)} [${monotonic()} ${thread.padStart(9)}] -- ${text}\n`);
};
const log = (text) => given.has('fake-log') && appendFileSync(given.get('fake-log'), `${text}\n`);

function state() {
  const { width, height } = shown();
  return {
    ok: true,
    result: {
      ...(isOld ? {} : { instance_id: '' }),
      encoder: { type: 'CPU', quality },
      ...(isOld ? {} : { sinks: { jpeg: { has_clients: false } } }),
      source: {
        resolution: { width, height },
        online: isOnline(),
        desired_fps: fps,
        captured_fps: isOnline() ? fps || 30 : 0,
      },
      stream: { queued_fps: fps, clients: streams.size, clients_stat: {} },
    },
  };
}

/** Headers that tell of the picture; /snapshot calls the times otherwise. */
function aboutPicture({ width, height }, time) {
  const now = monotonic();
  const grab = isOld ? [`Grab-${time}`] : [`Grab-Begin-${time}`, `Grab-End-${time}`];
  const times = [...grab, `Encode-Begin-${time}`, `Encode-End-${time}`, `Send-${time}`];
  return {
    'X-UStreamer-Online': String(isOnline()),
    'X-UStreamer-Dropped': '0',
    'X-UStreamer-Width': String(width),
    'X-UStreamer-Height': String(height),
    ...Object.fromEntries(times.map((name) => [`X-UStreamer-${name}`, now])),
  };
}

function part() {
  const picture = shown();
  const jpeg =
    video === 'broken'
      ? Buffer.from('this is no picture')
      : Buffer.concat([
          picture.jpeg.subarray(0, 2),
          Buffer.from([0xff, 0xfe, 0, 6, ...Buffer.from(new Uint32Array([0]).buffer)]),
          picture.jpeg.subarray(2),
        ]);
  const headers = {
    'Content-Type': 'image/jpeg',
    'Content-Length': jpeg.length,
    'X-Timestamp': (Date.now() / 1000).toFixed(6),
    ...aboutPicture(picture, 'Time'),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return [Buffer.from(`${head.join('')}\r\n`), jpeg, Buffer.from('\r\n--boundarydonotcross\r\n')];
}

function send(socket) {
  if (video === 'endless') {
    socket.write('Content-Type: image/jpeg\r\nContent-Length: 1000000\r\n\r\nbut only this');
  } else if (video === 'garbage') socket.write(`${'no header at all '.repeat(1000)}\r\n`);
  else if (video !== 'silent') for (const bytes of part()) socket.write(bytes);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://ustreamer');
  if (request.method === 'POST' && url.pathname === '/fake') {
    video = url.searchParams.get('video') ?? video;
    response.end();
    happen();
  } else if (video === 'stuck') {
    // Neither an answer nor an end.
  } else if (url.pathname === '/state') {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(state()));
  } else if (url.pathname === '/snapshot') {
    const picture = shown();
    response.writeHead(200, {
      ...NO_CACHE,
      'Content-Type': 'image/jpeg',
      ...aboutPicture(picture, 'Timestamp'),
    });
    response.end(picture.jpeg);
  } else if (url.pathname === '/stream') {
    const { socket } = request;
    const head = Object.entries(NO_CACHE).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `HTTP/1.0 200 OK\r\n${head.join('')}Set-Cookie: stream_client=0/1; path=/; max-age=30\r\n` +
        'Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross\r\n\r\n' +
        '--boundarydonotcross\r\n',
    );
    streams.add(socket);
    log(`stream ${streams.size}`);
    socket.on('error', () => {});
    socket.on('close', () => {
      streams.delete(socket);
      log(`stream ${streams.size}`);
    });
    send(socket);
  } else {
    response.statusCode = 404;
    response.end('Not Found');
  }
});

function happen() {
  log(`video ${video}`);
  if (video === 'crash') {
    say('ERROR', 'stream', "Can't start capturing: Device or resource busy");
    process.exit(3);
  }
  if (video === 'lost') say('ERROR', 'stream', 'Device select() timeout: the cable is out');
  for (const socket of streams) send(socket);
  if (given.has('notify-parent')) process.kill(process.ppid, 'SIGUSR2');
}

const path = given.get('unix');
if (given.has('unix-rm')) rmSync(path, { force: true });
server.listen(path, () => {
  if (given.has('unix-mode')) chmodSync(path, Number.parseInt(given.get('unix-mode'), 8));
  say('INFO', 'main', `Listening HTTP on UNIX socket '${path}'`);
  log(`start ${process.argv.slice(2).join(' ')}`);
});
// The real one repeats its picture each second when there is no signal, and never sends none.
setInterval(
  () => {
    if (['endless', 'garbage'].includes(video)) return;
    for (const socket of streams) send(socket);
  },
  1000 / (fps || 30),
);
const exit = () => {
  log('stop');
  say('INFO', 'main', 'Bye-bye');
  process.exit(0);
};
process.on('SIGTERM', () => video !== 'stuck' && exit());
process.on('SIGINT', () => video !== 'stuck' && exit());
