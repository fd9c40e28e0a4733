import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docBlocks } from './support/doc-blocks.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';
import { buildTestIso } from './support/test-iso.ts';

const CONFIG = `qemu: {accel: tcg, memory: 256}
kvmd: {gpio: {drivers: {n: {type: noop}}, scheme: {relay1: {driver: n, pin: 1, mode: output}}}}
`;
const PASSWORD = 'known to the test';
const ROOT = new URL('../../../', import.meta.url);

/** Makes the packages that the examples import found from a folder, as an installation would. */
function install(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@crashcart'), { recursive: true });
  symlinkSync(
    fileURLToPath(new URL('packages/api', ROOT)),
    join(folder, 'node_modules/@crashcart/api'),
  );
  symlinkSync(fileURLToPath(new URL('node_modules/ws', ROOT)), join(folder, 'node_modules/ws'));
}

describe('packages/api/README.md', () => {
  const state = new StateDirectory();
  const place = join(state.path, 'work');
  const flash = Buffer.alloc(1 << 20, 'flash');
  const remote = createServer((_, response) => response.end(flash));
  let server: ServerProcess | undefined;
  /** What each example said, by its first line in the document. */
  let outputs: readonly string[] = [];

  beforeAll(async () => {
    mkdirSync(place);
    install(place);
    buildTestIso(join(place, 'debian.iso'));
    remote.listen(0, '127.0.0.1');
    await once(remote, 'listening');
    const options = ['--state', state.path, '--port', '0', '--config', state.config(CONFIG)];
    server = await ServerProcess.start(options, { CRASHCART_PASSWORD: PASSWORD });
    const examples = docBlocks('../packages/api/README.md', {
      'https://127.0.0.1:8443': server.url,
      "passwd: 'secret'": `passwd: '${PASSWORD}'`,
      'https://example.org': `http://127.0.0.1:${(remote.address() as AddressInfo).port}`,
    }).filter(({ language }) => language === 'js');
    const program = examples.map(
      ({ text: body, line }) => `console.log('\\n=== ${line}');\n${body}`,
    );
    writeFileSync(join(place, 'examples.mjs'), program.join('\n'));
    const node = spawn(process.execPath, ['examples.mjs'], {
      cwd: place,
      // The server's certificate is its own, for names that no test has.
      env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(node, 'exit');
    const [out, errors] = await Promise.all([text(node.stdout), text(node.stderr)]);
    const [code] = await exited;
    expect(code, `${out.slice(-2000)}\n${errors}`).toBe(0);
    outputs = out.split(/^=== \d+\n/m).slice(1);
  });

  afterAll(async () => {
    await server?.end();
    remote.close();
    await state[Symbol.asyncDispose]();
  });

  it('logs in, and is seen', () => {
    expect(outputs[1]).toContain("[ 'admin from 127.0.0.1' ]");
  });

  it('knows states and the log', () => {
    expect(outputs[2]).toMatch(/crashcart: .*(true|false) (true|false) (true|false)\s*$/s);
    expect(outputs[3]).toMatch(/^\[\d{4}-\d\d-\d\d .*\] --- /m);
  });

  it('gets pictures', () => {
    for (const name of ['video.jpg', 'screen.jpg']) {
      expect(readFileSync(join(place, name)).subarray(0, 2).toString('hex'), name).toBe('ffd8');
    }
  });

  it('puts an image into the machine', () => {
    expect(state.logs()).toMatch(/Image connected/);
    expect(state.logs()).toMatch(/Image disconnected/);
  });

  it('fetches an image, and gets it back', () => {
    expect(outputs.join('')).toContain(`flash.img: ${flash.length} of ${flash.length}`);
    const packed = readFileSync(join(place, 'flash.img.zst'));
    expect(packed.subarray(0, 4).toString('hex')).toBe('28b52ffd');
  });

  it('watches the events until the relay is switched', () => {
    const names = outputs.at(-1)?.split('\n') ?? [];
    for (const name of ['loop', 'hid', 'atx', 'msd', 'streamer', 'switch']) {
      expect(names).toContain(name);
    }
    expect(names.filter((name) => name === 'gpio').length).toBeGreaterThan(1);
  });
});
