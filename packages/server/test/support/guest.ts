import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../src/core/state.ts';
import {
  type QemuMachine,
  type QemuMachineOptions,
  startQemuMachine,
} from '../../src/drivers/qemu/machine.ts';
import { type RecordingLog, recordingLog } from './recording-log.ts';

/** The small Linux guest, built when it is not there yet: what `linux` of a machine takes. */
export function testGuest(): { kernel: string; initrd: string; append: string } {
  const script = fileURLToPath(
    new URL('../../../../scripts/build-test-guest.mjs', import.meta.url),
  );
  const path = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
  const { kernel, initrd, append } = JSON.parse(readFileSync(path, 'utf8'));
  return { kernel, initrd, append };
}

/** A serial line: what came is kept, and a text in it can be awaited. */
export class SerialLine {
  text = '';
  readonly #socket: Socket;

  constructor(path: string) {
    this.#socket = connect(path);
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => {
      this.text += chunk;
    });
    this.#socket.on('error', () => undefined);
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Resolves when what came since `from` passes; rejects after `ms` with what came. */
  waitFor(passes: RegExp | ((text: string) => boolean), ms = 30_000, from = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const text = this.text.slice(from);
        if (!(typeof passes === 'function' ? passes(text) : passes.test(text))) return;
        stop();
        resolve();
      };
      const stop = () => {
        clearTimeout(timer);
        this.#socket.off('data', check);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${passes} did not come: ${this.text.slice(from).slice(-2000)}`));
      }, ms);
      this.#socket.on('data', check);
      check();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a text screen shows, 25 lines of 80 characters: the memory of the VGA card. */
export async function consoleText(machine: QemuMachine): Promise<string> {
  const command = { 'command-line': 'xp /2000hx 0xb8000' };
  const dump = String(await machine.execute('human-monitor-command', command));
  const cells = [...dump.matchAll(/ 0x[0-9a-f]{2}([0-9a-f]{2})/g)].map(([, code]) =>
    String.fromCharCode(Number.parseInt(code ?? '20', 16)),
  );
  return Array.from({ length: 25 }, (_, row) =>
    cells
      .slice(row * 80, row * 80 + 80)
      .join('')
      .trimEnd(),
  ).join('\n');
}

/** A machine in its own state directory that goes with its test. */
export interface TestMachine extends AsyncDisposable {
  readonly machine: QemuMachine;
  readonly stateDir: string;
  readonly log: RecordingLog;
}

/** Starts a machine under TCG; `linux: testGuest()` makes it the Linux guest. */
export async function startTestMachine(
  options: Partial<QemuMachineOptions> = {},
): Promise<TestMachine> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'cc-'));
  const log = recordingLog();
  const settings = { id: 'default', stateDir, accel: 'tcg', memoryMib: 256, ...options } as const;
  const machine = await startQemuMachine(settings, log);
  return {
    machine,
    stateDir,
    log,
    async [Symbol.asyncDispose]() {
      await machine.stop({ kill: true });
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Resolves when the machine runs; rejects after 20 s. */
export async function untilRunning(machine: QemuMachine): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  await until(machine.client, (client) => client !== undefined, signal);
  await until(machine.status, (status) => status === 'running', signal);
}
