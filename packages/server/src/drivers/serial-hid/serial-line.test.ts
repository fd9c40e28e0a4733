import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { openPseudoTerminal } from '../../../test/support/pseudo-terminal.ts';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { see } from '../../../test/support/serial-rig.ts';
import { openSerialPort } from '../../platform/serial-port.ts';
import { SerialLine, type SerialLineOptions } from './serial-line.ts';

/** A line that begins at once; how often it was opened, and what it said. */
function rig(open: () => Promise<Duplex>, serve?: SerialLineOptions['serve']) {
  const log = recordingLog();
  const seen = { opens: 0 };
  const line = new SerialLine({
    ...{ device: '/dev/kvmd-hid', log, times: { retryMs: 5, maxRetryMs: 10, restartMs: 5 } },
    prepare: () => Promise.resolve(),
    open: () => {
      seen.opens += 1;
      return open();
    },
    serve: serve ?? (() => Promise.reject(new Error('served'))),
  });
  onTestFinished(() => line[Symbol.asyncDispose]());
  return { line, log, seen };
}

it.each([
  ['ENOENT', 'there is no such port: plug the adapter in, or name its port in hid.device'],
  [
    'EACCES',
    "the port may not be opened: put the server's user into its group (on Debian dialout)",
  ],
])('says once what to do about %s, and goes on trying', async (code, advice) => {
  const error = Object.assign(new Error(code), { code });
  const { log, seen } = rig(() => Promise.reject(error));
  await see(() => expect(seen.opens).toBeGreaterThan(3));
  expect(log.messages).toEqual([`warn The keyboard and mouse cannot be reached: ${advice}`]);
});

it('says that a file is no serial port', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'serial-line-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'file');
  writeFileSync(path, '');
  const { log } = rig(() => openSerialPort(path, 9600));
  await see(() => expect(log.messages.join()).toContain('it is no serial port'));
});

it('rejects what is asked when the port goes away', async () => {
  const terminal = openPseudoTerminal();
  const asked: unknown[] = [];
  const { log } = rig(
    () => openSerialPort(terminal.path, 9600),
    async (port) => {
      try {
        asked.push(await port.ask(Uint8Array.of(1), () => undefined, 60_000));
      } catch (error) {
        asked.push('rejected');
        throw error;
      }
      throw new Error('an answer');
    },
  );
  terminal.far.once('data', () => terminal[Symbol.dispose]());
  await see(() => expect(asked).toEqual(['rejected']));
  await see(() => expect(log.messages.join()).toContain('cannot be reached'));
});

it('gives what came after the request, in whatever pieces, and nothing of before', async () => {
  const terminal = openPseudoTerminal();
  onTestFinished(() => terminal[Symbol.dispose]());
  const answers: unknown[] = [];
  const collect = () => {
    const bytes: number[] = [];
    return (more: Uint8Array) => {
      bytes.push(...more);
      return bytes.length >= 2 ? bytes : undefined;
    };
  };
  terminal.far.on('data', ([first = 0]: Uint8Array) => {
    terminal.far.write(Uint8Array.of(first, first + 1, 9).subarray(0, first === 1 ? 3 : 2));
  });
  rig(
    () => openSerialPort(terminal.path, 9600),
    async (port) => {
      answers.push((await port.ask(Uint8Array.of(1), collect(), 60_000))?.slice(0, 2));
      answers.push(await port.ask(Uint8Array.of(5), collect(), 60_000));
      answers.push(await port.ask(Uint8Array.of(7), () => undefined, 1));
      return await new Promise<never>((_, reject) => {
        port.signal.addEventListener('abort', () => reject(port.signal.reason));
      });
    },
  );
  await see(() => expect(answers).toEqual([[1, 2], [5, 6], undefined]));
});
