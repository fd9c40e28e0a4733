import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { anySignal } from '../../core/any-signal.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, type Unsubscribe } from '../../core/state.ts';
import type { SwitchDriver } from '../../core/switch-driver.ts';
import { isSystemError } from '../../platform/files.ts';
import { openSerialPort } from '../../platform/serial-port.ts';
import { encodeFrame, FrameReader } from '../../protocols/pikvm-switch/frame.ts';
import {
  ALL_UNITS,
  decodeReply,
  encodeRequest,
  type SwitchReply,
  type SwitchRequest,
} from '../../protocols/pikvm-switch/message.ts';

const SPEED = 115_200;
const MAX_RID = 0xffff;
/** Most bytes that wait for a line that takes none; more drops the line. */
const MAX_WAITING_BYTES = 64 * 1024;

/** The times of the line, ms. */
export interface SwitchTimes {
  /** Between two looks for a device that is not there. */
  readonly lookMs: number;
  /** After a line that failed; twice as long after each that said nothing, at most `maxRetryMs`. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** A line that is silent so long is asked. */
  readonly askMs: number;
  /** A line that says nothing so long is given up. */
  readonly silenceMs: number;
}

const TIMES: SwitchTimes = {
  ...{ lookMs: 1000, retryMs: 1000, maxRetryMs: 10_000 },
  ...{ askMs: 5000, silenceMs: 10_000 },
};

/** What the driver is made of. */
export interface PikvmSwitchOptions {
  /** The serial port, e.g. `/dev/kvmd-switch`; it may come and go. */
  readonly device: string;
  readonly log: Log;
  readonly times?: Partial<SwitchTimes>;
}

/** The chain of PiKVM Switch units on a serial port. What is no reply is skipped. */
export class PikvmSwitch implements SwitchDriver {
  readonly #device: string;
  readonly #log: Log;
  readonly #times: SwitchTimes;
  readonly #online = new StateCell(false);
  readonly #listeners = new Set<(reply: SwitchReply) => void>();
  readonly #controller = new AbortController();
  readonly #running: Promise<void>;
  #port: Duplex | undefined;
  #rid = randomInt(1, MAX_RID + 1);
  #complaint: string | undefined;

  constructor({ device, log, times }: PikvmSwitchOptions) {
    this.#device = device;
    this.#log = log;
    this.#times = { ...TIMES, ...times };
    this.#running = this.#run();
  }

  get online(): StateCell<boolean> {
    return this.#online;
  }

  send(request: SwitchRequest): number | undefined {
    const port = this.#port;
    if (!port || port.destroyed) return undefined;
    if (port.writableLength > MAX_WAITING_BYTES) {
      port.destroy(new Error(`${this.#device} takes no bytes`));
      return undefined;
    }
    const rid = this.#rid;
    this.#rid = rid === MAX_RID ? 1 : rid + 1;
    port.write(encodeFrame(encodeRequest(rid, request)));
    return rid;
  }

  onReply(listener: (reply: SwitchReply) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    const { lookMs, retryMs, maxRetryMs } = this.#times;
    let wait = retryMs;
    while (!signal.aborted) {
      const line = { spoke: false };
      try {
        await this.#serve(line, signal);
      } catch (error) {
        this.#complain(error);
        const isMissing = isSystemError(error, 'ENOENT');
        if (line.spoke || isMissing) wait = retryMs;
        await sleep(isMissing ? lookMs : wait, signal).catch(() => undefined);
        if (!isMissing) wait = Math.min(wait * 2, maxRetryMs);
      }
    }
  }

  /** The same trouble is told once; a device that is not there is no trouble. */
  #complain(error: unknown): void {
    if (this.#controller.signal.aborted || isSystemError(error, 'ENOENT')) return;
    const complaint = error instanceof Error ? error.message : String(error);
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#log.warn({ device: this.#device, err: error }, 'The Switch cannot be reached');
  }

  /** Serves one line until it fails, which is how it ends. */
  async #serve(line: { spoke: boolean }, signal: AbortSignal): Promise<void> {
    const port = await openSerialPort(this.#device, SPEED);
    const gone = new AbortController();
    const fail = (error: Error) => gone.abort(error);
    const reader = new FrameReader();
    let heardAt = performance.now();
    port.on('error', fail);
    port.once('close', () => fail(new Error(`${this.#device} went away`)));
    port.on('data', (bytes: Uint8Array) => {
      for (const payload of reader.push(bytes)) {
        const reply = decodeReply(payload);
        if (!reply) continue;
        heardAt = performance.now();
        if (!line.spoke) this.#log.info({ device: this.#device }, 'The Switch is there');
        line.spoke = true;
        this.#complaint = undefined;
        for (const listener of [...this.#listeners]) listener(reply);
      }
    });
    this.#port = port;
    try {
      this.#online.set(true);
      await this.#watch(() => performance.now() - heardAt, anySignal([signal, gone.signal]));
    } finally {
      this.#port = undefined;
      port.destroy();
      this.#online.set(false);
    }
  }

  /** Asks a silent line, and throws when it stays so. */
  async #watch(silence: () => number, signal: AbortSignal): Promise<never> {
    const { askMs, silenceMs } = this.#times;
    while (true) {
      await sleep(askMs, signal);
      if (silence() >= silenceMs) throw new Error(`${this.#device} does not answer`);
      if (silence() >= askMs) this.send({ op: 'state', unit: ALL_UNITS });
    }
  }
}
