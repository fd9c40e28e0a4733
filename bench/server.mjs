import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../packages/server/bundle/main.js', import.meta.url));
const READY = /^crashcart ready (https?:\/\/\S+)$/;

/** What figures depend on; goes into each document. */
export function machine() {
  return { cpus: cpus().length, node: process.version, loadavg: loadavg() };
}

/**
 * Starts the built server, over plain HTTP unless `tls`, in a state directory of its own. `config`
 * is the content of a configuration file without `server`; without it there is no machine. `more`
 * are further arguments, `node` options of Node.
 */
export async function startServer(passwd, config, { tls = false, more = [], node = [] } = {}) {
  const state = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = join(state, 'bench.yaml');
  writeFileSync(file, `server: {tls: {enabled: ${tls}}}\n${config ?? ''}`);
  const argv = ['run', '--port', '0', '--state', state, '--config', file];
  if (config === undefined) argv.push('--no-machine');
  argv.push(...more);
  const child = spawn(process.execPath, [...node, MAIN, ...argv], {
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
  /** SIGINT: its machine ends with it. */
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await ended;
    rmSync(state, { recursive: true, force: true });
  };
  return { url, stop, state, pid: child.pid };
}
