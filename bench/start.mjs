// From the start of the process to its first 200, without a machine; JSON on standard output.
//   npm run build && node bench/start.mjs [--rounds N]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './server.mjs';

const GOAL_MS = 500;
const MAIN = fileURLToPath(new URL('../packages/server/bundle/main.js', import.meta.url));
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });

const state = mkdtempSync(join(tmpdir(), 'bench-'));
const port = await freePort();
const figures = [];
// The first start makes password, key and certificate; the others find them.
for (let round = 0; round <= Number(values.rounds); round++) figures.push(await start());
rmSync(state, { recursive: true, force: true });
const [firstMs, ...laterMs] = figures;
const sorted = laterMs.toSorted((a, b) => a - b);
const medianMs = sorted[sorted.length >> 1];
console.log(
  JSON.stringify(
    {
      bench: 'start',
      machine: machine(),
      results: { firstMs, medianMs, worstMs: sorted.at(-1), rounds: laterMs.length },
      goalMs: GOAL_MS,
      met: firstMs < GOAL_MS && medianMs < GOAL_MS,
    },
    null,
    2,
  ),
);

async function start() {
  const began = performance.now();
  const argv = [MAIN, 'run', '--no-machine', '--state', state, '--port', String(port)];
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, CRASHCART_PASSWORD: 'bench' },
    stdio: 'ignore',
  });
  while ((await statusOf()) !== 200) await new Promise((resolve) => setTimeout(resolve, 2));
  const ms = performance.now() - began;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  return Math.round(ms);
}

function statusOf() {
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, agent: false, auth: 'admin:bench' };
    request(`https://127.0.0.1:${port}/api/auth/check`, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', () => resolve(undefined))
      .end();
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
