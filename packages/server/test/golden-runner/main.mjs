#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseBase } from './connection.mjs';
import { Replay, readDifferences, readGroups } from './replay.mjs';
import { commandRig, noRig } from './rig.mjs';
import { serve } from './serve.mjs';

const USAGE = `Replays recorded exchanges against a server.

  npm run golden -- [--dir DIR] [--only GROUP,...] [--product | --base URL --prefix PREFIX]

Without --product and --base the server is one with pretended hardware and the facts of the
recorded box. Cases that need what it cannot pretend are skipped, with the reason.

  --dir DIR       recordings, *.jsonl (those of the project)
  --only GROUPS   by comma, e.g. auth,info
  --product       start the built server, without a machine
  --base URL      http://HOST:PORT, https://HOST:PORT or unix:/PATH of a server that runs
  --prefix PREFIX of its API (/api; none over a unix socket)
  --front URL     server for the cases that were recorded through the TLS front; without
                  --product and --base it is real nginx
  --front-http URL  its plain HTTP port
  --user, --passwd  of the server (admin, admin)
  --rig COMMAND   plays the actions on the rig of --base or --product
  --serve         start the server with pretended hardware, tell how to reach it and its rig, and wait:
                  for another tool that plays recordings; it ends with SIGINT or SIGTERM
  --differences FILE  what we answer otherwise, and why (differences.json in DIR)

The last line is "N passed, N failed, N skipped"; the status is 1 when a case failed.
`;

const SERVER = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../bundle/main.js', import.meta.url));
const READY = /^crashcart ready (https?:\/\/\S+?)\/?$/;

const { values: options } = parseArgs({
  options: {
    dir: { type: 'string', default: fileURLToPath(new URL('../golden', import.meta.url)) },
    base: { type: 'string' },
    product: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
    prefix: { type: 'string' },
    front: { type: 'string' },
    'front-http': { type: 'string' },
    user: { type: 'string', default: 'admin' },
    passwd: { type: 'string', default: 'admin' },
    rig: { type: 'string' },
    only: { type: 'string' },
    differences: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Starts the server with pretended hardware, from its sources, in this process. */
async function startRig() {
  const { createServer } = await import('vite');
  const conditions = ['source', 'module', 'node', 'development|production'];
  const vite = await createServer({
    configFile: false,
    root: SERVER,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    oxc: { target: 'node20' },
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions },
    ssr: { resolve: { conditions } },
  });
  const { startGoldenRig } = await vite.ssrLoadModule('/test/support/golden-rig.ts');
  const { Nginx } = await vite.ssrLoadModule('/test/support/nginx.ts');
  const rig = await startGoldenRig();
  const nginx = await Nginx.start(rig.socketPath, { page: 'small' });
  const stop = async () => {
    await nginx[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
    await vite.close();
  };
  return {
    url: `http://127.0.0.1:${rig.port}`,
    socketPath: rig.socketPath,
    rig: (action) => rig.action(action),
    watchSwitch: (listener) => rig.watchSwitch(listener),
    watchHid: (listener) => rig.watchHid(listener),
    switchLog: rig.switchLog,
    front: nginx.url,
    frontHttp: `http://127.0.0.1:${nginx.httpPort}`,
    hidLog: rig.hidLog,
    settled: () => rig.settled(),
    stop,
  };
}

/** Starts the built server on a state directory of its own; it ends with this process. */
async function startServer(passwd) {
  const state = mkdtempSync(join(tmpdir(), 'golden-'));
  const argv = [MAIN, 'run', '--port', '0', '--no-machine', '--state', state];
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, CRASHCART_PASSWORD: passwd },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = READY.exec(line);
      if (ready) resolve(ready[1]);
    });
  });
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(state, { recursive: true, force: true });
  };
  const rig = async ({ totp_secret, reset }) => {
    if (totp_secret === undefined) return reset === 'default';
    writeFileSync(join(state, 'totp.secret'), totp_secret);
    return true;
  };
  return { url, rig, stop };
}

function startOwn(passwd) {
  if (options.base !== undefined) return undefined;
  return options.product ? startServer(passwd) : startRig();
}

async function run() {
  const { dir, user, passwd } = options;
  const own = await startOwn(passwd);
  const base = parseBase(options.base ?? own.url);
  const prefix = options.prefix ?? (base.path === undefined ? '/api' : '');
  const target = { base, prefix };
  const inFront = (url) => (url ? { base: parseBase(url), prefix: '/api' } : undefined);
  const front = inFront(options.front ?? own?.front);
  const frontHttp = inFront(options['front-http'] ?? own?.frontHttp);
  const besides = join(dir, 'differences.json');
  const file = options.differences ?? (existsSync(besides) ? besides : undefined);
  const replay = new Replay({
    target,
    front: front ?? (options.base && prefix !== '' ? target : undefined),
    frontHttp,
    user,
    passwd,
    rig: options.rig ? commandRig(options.rig) : (own?.rig ?? noRig),
    ...(own?.switchLog ? { switchLog: own.switchLog, settled: own.settled } : {}),
    ...(own?.hidLog ? { hidLog: own.hidLog } : {}),
    ...(file ? { differences: readDifferences(file) } : {}),
  });
  const count = { passed: 0, failed: 0, skipped: 0, flaky: 0 };
  try {
    for (const lines of readGroups(dir, options.only?.split(','))) {
      await replay.group(lines, ({ name, result, diff }) => {
        count[result] += 1;
        if (result !== 'failed' && result !== 'skipped') return;
        console.log(`${result === 'failed' ? 'FAIL' : 'SKIP'} ${name}`);
        for (const text of diff.slice(0, 6)) console.log(`     ${text}`);
      });
    }
  } finally {
    await own?.stop();
  }
  if (count.flaky > 0) console.log(`${count.flaky} flaky, not counted`);
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed === 0 ? 0 : 1;
}

if (options.help) console.log(USAGE);
else if (options.serve) await serve(await startRig());
else process.exitCode = await run();
