// A change of the guest's 1080p screen until its pixels are on the page's canvas; JSON on standard
// output. The guest is a VNC server in this process that knows when it changed; the rest is real:
// the built server, TLS, the page in headless Chromium. Reading: getImageData, polled every 4 ms.
//   node bench/canvas.mjs [--count N]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values } = parseArgs({ options: { count: { type: 'string', default: '100' } } });
const COUNT = Number(values.count);
const [WIDTH, HEIGHT, BOX] = [1920, 1080, 64];
const PERIOD_MS = 150;
const MAIN = fileURLToPath(new URL('../packages/server/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'crashcart-bench-'));

/** QMP that says "running" and takes everything. */
function serveQmp(path) {
  createServer((socket) => {
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    createInterface({ input: socket }).on('line', (line) => {
      const { execute, id } = JSON.parse(line);
      const answer = execute === 'query-status' ? { status: 'running' } : {};
      socket.write(`${JSON.stringify({ return: answer, id })}\r\n`);
    });
    socket.on('error', () => undefined);
  }).listen(path);
}

const rect = (width, height, pixels) => {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(width, 8);
  head.writeUInt16BE(height, 10);
  return Buffer.concat([head, pixels]);
};

/** A screen whose top left box changes its brightness when told (RFC 6143). */
class Screen {
  #level = 0;
  #isSent = true;
  #socket;
  #waits = false;

  listen(path) {
    createServer((socket) => this.#serve(socket)).listen(path);
  }

  /** Changes the box; the time is when the change is there to be fetched. */
  change(level) {
    this.#level = level;
    this.#isSent = false;
    const atMs = Date.now();
    this.#send();
    return atMs;
  }

  #serve(socket) {
    this.#socket = socket;
    this.#waits = false;
    let [phase, got] = [0, Buffer.alloc(0)];
    socket.on('error', () => undefined);
    socket.write('RFB 003.008\n');
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      for (;;) {
        const used = phase < 3 ? this.#handshake(phase, got) : this.#message(got);
        if (used === 0) return;
        if (phase < 3) phase++;
        got = got.subarray(used);
      }
    });
  }

  #handshake(phase, got) {
    const needed = [12, 1, 1][phase];
    if (got.length < needed) return 0;
    if (phase === 0) this.#socket.write(Buffer.from([1, 1]));
    if (phase === 1) this.#socket.write(Buffer.alloc(4));
    if (phase === 2) {
      const init = Buffer.alloc(24);
      init.writeUInt16BE(WIDTH, 0);
      init.writeUInt16BE(HEIGHT, 2);
      Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0]).copy(init, 4);
      this.#socket.write(init);
    }
    return needed;
  }

  #message(got) {
    if (got.length < 1) return 0;
    const sizes = { 0: 20, 3: 10, 4: 8, 5: 6, 6: 8 };
    if (got[0] === 2) {
      const size = got.length < 4 ? 4 : 4 + got.readUInt16BE(2) * 4;
      return got.length < size ? 0 : size;
    }
    const size = sizes[got[0]] ?? got.length;
    if (got.length < size) return 0;
    if (got[0] === 3) {
      if (got[1] === 0)
        this.#socket.write(rect(WIDTH, HEIGHT, Buffer.alloc(WIDTH * HEIGHT * 4, 40)));
      this.#waits = true;
      this.#send();
    }
    return size;
  }

  #send() {
    if (!this.#waits || this.#isSent) return;
    this.#waits = false;
    this.#isSent = true;
    this.#socket.write(rect(BOX, BOX, Buffer.alloc(BOX * BOX * 4, this.#level)));
  }
}

const paths = { qmp: join(folder, 'qmp.sock'), vnc: join(folder, 'vnc.sock') };
const screen = new Screen();
serveQmp(paths.qmp);
screen.listen(paths.vnc);
writeFileSync(join(folder, 'main.yaml'), JSON.stringify({ qemu: { attach: paths } }));
const argv = [MAIN, 'run', '--state', folder, '--port', '0', '--config', join(folder, 'main.yaml')];
const server = spawn(process.execPath, argv, {
  env: { ...process.env, CRASHCART_PASSWORD: 'bench' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve) => {
  createInterface({ input: server.stdout }).on('line', (line) => {
    const ready = /^crashcart ready (\S+)$/.exec(line);
    if (ready) resolve(ready[1]);
  });
});
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
});
try {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill('bench');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForFunction(() => document.querySelector('canvas.picture')?.width === 1920);
  const ms = [];
  for (let n = 0; n < COUNT; n++) {
    const level = n % 2 === 0 ? 200 : 40;
    const seen = page.evaluate(
      (wanted) =>
        new Promise((resolve) => {
          const context = document.querySelector('canvas.picture').getContext('2d');
          const look = () => {
            const [red] = context.getImageData(32, 32, 1, 1).data;
            if (Math.abs(red - wanted) < 30) resolve(Date.now());
            else setTimeout(look, 1);
          };
          look();
        }),
      level,
    );
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    const changedAt = screen.change(level);
    ms.push((await seen) - changedAt);
  }
  ms.sort((a, b) => a - b);
  const at = (share) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))];
  const figures = { p50: at(0.5), p95: at(0.95), max: ms.at(-1) };
  process.stdout.write(
    `${JSON.stringify({ bench: 'canvas', count: COUNT, size: `${WIDTH}x${HEIGHT}`, ms: figures, goalP50Ms: 60, load: loadavg() })}\n`,
  );
} finally {
  await browser.close();
  server.kill('SIGINT');
  await new Promise((resolve) => server.once('close', resolve));
  rmSync(folder, { recursive: true });
}
process.exit(0);
