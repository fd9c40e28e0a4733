import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocBlock, docBlocks } from './support/doc-blocks.ts';
import { RangeServer } from './support/range-server.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';
import { buildTestIso } from './support/test-iso.ts';

/** What the machine is: emulated, small, with keyboards that are read; and a user line. */
const SMALL = `qemu: {accel: tcg, memory: 256}
kvmd: {gpio: {drivers: {n: {type: noop}}, scheme: {relay1: {driver: n, pin: 1, mode: output}}}}
`;

/** Runs the shell blocks one after another in one shell; what each of them said. */
async function runBlocks(blocks: readonly DocBlock[], cwd: string): Promise<readonly string[]> {
  const mark = (line: number) => `=== line ${line} ===`;
  const script = blocks.flatMap(({ text: body, line }) => [`echo; echo '${mark(line)}'`, body]);
  const options = ['-o', 'errexit', '-o', 'nounset', '-o', 'errtrace'];
  const bash = spawn('bash', [...options, '-c', script.join('\n')], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors] = await Promise.all([text(bash.stdout), text(bash.stderr)]);
  if (bash.exitCode === null) await once(bash, 'exit');
  expect(bash.exitCode, `${out.slice(-2000)}\n${errors}`).toBe(0);
  return out.split(/^=== line \d+ ===\n/m).slice(1);
}

/** The JSON answers in a text, on a line or on many; what stands between them is skipped. */
function answersIn(output: string): readonly unknown[] {
  return [...output.replaceAll('}{', '}\n{').matchAll(/^\{(?:[^\n]+\}$|\n.*?^\})/gms)].map(
    ([json]) => JSON.parse(json),
  );
}

describe('docs/api.md', () => {
  const state = new StateDirectory();
  const place = join(state.path, 'work');
  const flash = Buffer.alloc(1 << 20, 'flash');
  let server: ServerProcess | undefined;
  let blocks: readonly DocBlock[] = [];
  let outputs: readonly string[] = [];
  const remote = new RangeServer(flash);

  beforeAll(async () => {
    mkdirSync(place);
    buildTestIso(join(place, 'debian.iso'));
    await remote.start();
    const socket = join(state.path, 'api.sock');
    const options = ['--state', state.path, '--port', '0', '--unix', socket];
    server = await ServerProcess.start([...options, '--config', state.config(SMALL)], {
      CRASHCART_PASSWORD: 'known to the test',
    });
    blocks = docBlocks('api.md', {
      'https://127.0.0.1:8443': server.url.replace(/\/$/, ''),
      'PASSWORD=secret': "PASSWORD='known to the test'",
      'https://example.org': new URL(remote.url).origin,
      '/run/crashcart/api.sock': socket,
    });
    outputs = await runBlocks(
      blocks.filter(({ language }) => language === 'sh'),
      place,
    );
  });

  afterAll(async () => {
    await server?.end();
    await remote.stop();
    await state[Symbol.asyncDispose]();
  });

  /** What the block said that contains a text. */
  const outputOf = (command: string) => {
    const shell = blocks.filter(({ language }) => language === 'sh');
    const index = shell.findIndex((block) => block.text.includes(command));
    expect(index, `docs/api.md shows ${command}`).toBeGreaterThanOrEqual(0);
    return outputs[index] ?? '';
  };

  it('shows commands that all succeed, and the answers that it shows', () => {
    const shown = blocks.flatMap((block, index) => {
      const before = blocks[index - 1];
      return block.language === 'json' && before ? [[before.text, JSON.parse(block.text)]] : [];
    });
    expect(shown.length).toBeGreaterThan(0);
    for (const [command, answer] of shown) {
      expect(answersIn(outputOf(command))).toContainEqual(answer);
    }
    const answers = outputs.filter((each) => !each.includes('explode')).flatMap(answersIn);
    expect(answers.length).toBeGreaterThan(25);
    for (const answer of answers) expect(answer).toMatchObject({ ok: true });
  });

  it('gets pictures', () => {
    const picture = readFileSync(join(place, 'screen.jpg'));
    expect(picture.subarray(0, 2).toString('hex')).toBe('ffd8');
    expect(readFileSync(join(place, 'stream.mjpeg'), 'latin1')).toContain('image/jpeg');
  });

  it('uploads an image, puts it into the machine and takes it out', () => {
    expect(outputOf('-T debian.iso')).toContain('"written"');
    const log = outputOf('/api/log?seek=60');
    expect(log).toMatch(/Image connected .*debian\.iso/);
    expect(log).toMatch(/Image disconnected/);
  });

  it('fetches an image and reads it back, packed', () => {
    expect(outputOf('write_remote')).toContain(String(flash.length));
    const packed = readFileSync(join(place, 'flash.img.zst'));
    expect(packed.subarray(0, 4).toString('hex')).toBe('28b52ffd');
  });

  it('links an image', () => {
    expect(outputOf('/api/msd/link')).toMatch(/"name": *"linked.img"/);
  });

  it('listens to the events', () => {
    const names = outputOf('Upgrade: websocket');
    for (const name of ['loop', 'hid', 'atx', 'msd', 'streamer', 'info']) {
      expect(names).toMatch(new RegExp(`"event_type": *"${name}"`));
    }
  });
});
