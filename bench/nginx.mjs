// Our server beside a bare Node server that answers a constant, over the same transport: unix socket,
// plain, TLS, and behind nginx with the configuration that `crashcart nginx --print` writes. JSON on
// standard output.
//   npm run build && node bench/nginx.mjs [--ms N] [--rounds N] [--connections N] [--over unix,plain,tls,nginx]
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure } from './load.mjs';
import { machine, startServer } from './server.mjs';

const MAIN = fileURLToPath(new URL('../packages/server/bundle/main.js', import.meta.url));
const PASSWD = 'bench';
/** The keyboard of the built server is QEMU's, which would be measured instead of it. */
const KEYS = '/api/hid/events/send_key?key=KeyA';
const LOGIN = '/api/auth/login';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const GOAL = 0.5;
const P99_GOAL_MS = 3;

const REQUESTS = [
  { path: '/api/auth/check' },
  { path: '/api/hid' },
  { path: '/api/atx' },
  { path: '/api/info', goal: 0.4 },
  { path: KEYS, method: 'POST' },
  { path: LOGIN, method: 'POST', headers: FORM, body: `user=admin&passwd=${PASSWD}` },
];

const { values } = parseArgs({
  options: {
    ms: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    over: { type: 'string', default: 'unix,plain,tls,nginx' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
const ending = [() => rmSync(directory, { recursive: true, force: true })];
try {
  console.log(JSON.stringify(await compare(), undefined, 2));
} finally {
  for (const end of ending.reverse()) await end();
}

async function compare() {
  const ours = await startOurs();
  const bare = await startBeside('bare', ours.tls);
  const rig = await startBeside('front-rig', ours.tls);
  const results = [];
  for (const over of values.over.split(',')) {
    for (const { goal = GOAL, ...request } of REQUESTS) {
      const keys = request.path === KEYS;
      const { places, pid } = keys ? rig : ours;
      const place = { ...places[over], pid };
      // Anew each time: the many sessions of the login end the oldest ones.
      const cookie = keys ? rig.cookie : await login(ours.places.plain);
      const headers = { ...request.headers, ...(request.path === LOGIN ? {} : { cookie }) };
      const load = { ...request, headers };
      results.push({
        over,
        ...(await beside({ ...bare.places[over], pid: bare.pid }, place, load, goal)),
      });
    }
  }
  const { ms, rounds, connections } = values;
  return { bench: 'nginx', machine: machine(), ms, rounds, connections, results };
}

/**
 * They take turns, as the machine has other things to do; what counts is the middle of the rounds. The
 * first is not one of them: after it the code of both is compiled.
 */
async function beside(barePlace, place, load, goal) {
  const given = { ...load, ms: Number(values.ms), connections: Number(values.connections) };
  const rounds = [];
  while (rounds.length <= Number(values.rounds)) {
    const bare = await measure({ ...given, ...barePlace });
    rounds.push({ bare, ours: await measure({ ...given, ...place }) });
  }
  rounds.shift();
  const perSecond = middle(rounds.map(({ ours }) => ours.perSecond));
  const barePerSecond = middle(rounds.map(({ bare }) => bare.perSecond));
  const p99Ms = middle(rounds.map(({ ours }) => ours.p99Ms));
  const bareP99Ms = middle(rounds.map(({ bare }) => bare.p99Ms));
  const ratio = middle(rounds.map(({ bare, ours }) => ours.perSecond / bare.perSecond));
  const p99OverMs = middle(rounds.map(({ bare, ours }) => ours.p99Ms - bare.p99Ms));
  const isLogin = load.path === LOGIN;
  return {
    path: load.path,
    perSecond: Math.round(perSecond),
    barePerSecond: Math.round(barePerSecond),
    ratio: round(ratio),
    goal,
    p99Ms: round(p99Ms),
    bareP99Ms: round(bareP99Ms),
    p99OverMs: round(p99OverMs),
    cpuUs: round(middle(rounds.map(({ ours }) => ours.cpuUs))),
    bareCpuUs: round(middle(rounds.map(({ bare }) => bare.cpuUs))),
    met: ratio >= goal && (isLogin || p99OverMs <= P99_GOAL_MS),
  };
}

function middle(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function round(value) {
  return Number(value.toFixed(3));
}

/** The built server, without a machine, at all places. */
async function startOurs() {
  const socketPath = join(directory, 'ours.sock');
  const plain = await freePort();
  const more = ['--plain-http', String(plain), '--unix', socketPath];
  const server = await startServer(PASSWD, undefined, { tls: true, more });
  ending.push(() => server.stop());
  const cert = join(server.state, 'tls/server.crt');
  const key = join(server.state, 'tls/server.key');
  const port = Number(new URL(server.url).port);
  const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const nginx = await startNginx('ours', socketPath, { cert, key });
  return { tls, pid: server.pid, places: placesOf({ plain, port, socketPath, nginx }) };
}

/** Another server, at all places too, with the same certificate. */
async function startBeside(name, { cert, key }) {
  const socketPath = join(directory, `${name}.sock`);
  const plain = await freePort();
  const port = await freePort();
  const child = fork(fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)));
  ending.push(async () => {
    child.send('end');
    await once(child, 'exit');
  });
  child.send({ plain, tls: { port, cert, key }, socketPath });
  const [{ cookie }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`))),
  ]);
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  const nginx = await startNginx(name, socketPath, files);
  return { cookie, pid: child.pid, places: placesOf({ plain, port, socketPath, nginx }) };
}

function placesOf({ plain, port, socketPath, nginx }) {
  const host = '127.0.0.1';
  return {
    unix: { socketPath },
    plain: { host, port: plain },
    tls: { host, port, tls: true },
    nginx: { host, port: nginx, tls: true },
  };
}

/** nginx before a unix socket; its HTTPS port. It listens when its first process has ended. */
async function startNginx(name, socketPath, { cert, key }) {
  const run = mkdtempSync(join(directory, 'run-'));
  const port = await freePort();
  const argv = ['nginx', '--print', '--unix', socketPath, '--run', run, '--listen', '127.0.0.1'];
  argv.push('--https-port', String(port), '--http-port', String(await freePort()));
  argv.push('--cert', cert, '--key', key);
  // Its workers could not open what belongs to root.
  if (process.getuid() === 0) argv.push('--user', 'root');
  const file = join(run, 'nginx.conf');
  writeFileSync(file, execFileSync(process.execPath, [MAIN, ...argv]));
  const child = spawn('nginx', ['-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.pipe(process.stderr, { end: false });
  const closed = once(child, 'close');
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`nginx before ${name} ended with ${code}`);
  ending.push(async () => {
    process.kill(Number(readFileSync(join(run, 'nginx.pid'), 'utf8')), 'SIGTERM');
    await closed;
  });
  return port;
}

async function login({ host, port }) {
  const answer = await fetch(`http://${host}:${port}${LOGIN}`, {
    method: 'POST',
    body: new URLSearchParams({ user: 'admin', passwd: PASSWD }),
  });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0];
  if (!cookie) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return cookie;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
