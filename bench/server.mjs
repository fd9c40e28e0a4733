import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../packages/server/dist/main.js', import.meta.url));
const READY = /^crashcart ready (https?:\/\/\S+)$/;

/** Starts the built server over plain HTTP without a machine, in a state directory of its own. */
export async function startServer(passwd) {
  const state = mkdtempSync(join(tmpdir(), 'bench-'));
  const argv = ['run', '--port', '0', '--no-machine', '--no-tls', '--state', state];
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: { ...process.env, CRASHCART_PASSWORD: passwd },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
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
  return { url, stop };
}
