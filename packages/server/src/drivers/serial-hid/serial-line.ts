import type { Duplex } from 'node:stream';
import { anySignal } from '../../core/any-signal.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { isSystemError } from '../../platform/files.ts';

/** The times of a line, ms. */
export interface SerialLineTimes {
  /** Between two looks for a port, and after a failure; twice as long after each in a row. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** How long a device that starts anew is let alone. */
  readonly restartMs: number;
  /** Between two looks whether a device has power again. */
  readonly unpoweredMs: number;
}

const TIMES: SerialLineTimes = {
  ...{ retryMs: 1000, maxRetryMs: 10_000, restartMs: 1000, unpoweredMs: 100 },
};
const UNPOWERED = 'The keyboard and mouse have no power';

/** What to do about a port that cannot be used. */
export interface PortAdvice {
  readonly missing: string;
  readonly denied: string;
  readonly wrong: string;
  readonly silent: string;
}

const SERIAL_ADVICE: PortAdvice = {
  missing: 'there is no such port: plug the adapter in, or name its port in hid.device',
  denied: "the port may not be opened: put the server's user into its group (on Debian dialout)",
  wrong: 'it is no serial port: name one in hid.device',
  silent: 'no right answer comes: check the wires, hid.type and hid.speed',
};

/** What a line is made of. */
export interface SerialLineOptions {
  readonly device: string;
  /** Where it is no serial port. */
  readonly advice?: PortAdvice | undefined;
  readonly log: Log;
  readonly times?: Partial<SerialLineTimes>;
  /** Called before the port is opened, each time. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
  readonly open: () => Promise<Duplex>;
  /** Serves the open port until it throws, which is how it ends. */
  readonly serve: (port: OpenPort) => Promise<never>;
}

/** The device starts anew, which is no trouble. */
export class RestartError extends Error {
  override readonly name = 'RestartError';
}

/** The device has no power, which is how machines are when they are off. */
export class UnpoweredError extends Error {
  override readonly name = 'UnpoweredError';
}

/** The device has not answered, or wrongly, as often as it may. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  /** Whether it is too early to tell of it. */
  readonly isHeldBack: boolean;

  constructor(isHeldBack: boolean) {
    super('no right answer');
    this.isHeldBack = isHeldBack;
  }
}

/** A serial port that is opened again whenever it was lost; the same trouble is told once. */
export class SerialLine implements AsyncDisposable {
  readonly #options: SerialLineOptions;
  readonly #times: SerialLineTimes;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #port: OpenPort | undefined;
  #complaint: string | undefined;
  #waitMs: number;

  constructor(options: SerialLineOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#waitMs = this.#times.retryMs;
    this.#running = this.#run();
  }

  /** The device has answered: all is well. */
  answered(): void {
    if (this.#complaint !== undefined) {
      this.#options.log.info({ device: this.#options.device }, 'The keyboard and mouse are back');
    }
    this.#complaint = undefined;
    this.#waitMs = this.#times.retryMs;
  }

  /** Closes the port and opens it again. */
  restart(): void {
    this.#port?.fail(new RestartError());
  }

  /** Closes the port for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('The serial line was closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    // The owner's constructor must be done first.
    await Promise.resolve();
    while (!signal.aborted) {
      const waitMs = await this.#attempt(signal);
      await sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Serves the port once; how long to wait after that. */
  async #attempt(signal: AbortSignal): Promise<number> {
    const { prepare, open, serve, device } = this.#options;
    try {
      await prepare(signal);
      using port = new OpenPort(await open(), device, signal);
      this.#port = port;
      return await serve(port);
    } catch (error) {
      if (error instanceof RestartError) return this.#times.restartMs;
      if (error instanceof UnpoweredError) {
        this.#unpowered();
        return this.#times.unpoweredMs;
      }
      if (!signal.aborted) this.#complain(error);
      // A port that comes is used soon, however long it was away.
      if (isSystemError(error, 'ENOENT')) return this.#times.retryMs;
      const waitMs = this.#waitMs;
      this.#waitMs = Math.min(waitMs * 2, this.#times.maxRetryMs);
      return waitMs;
    } finally {
      this.#port = undefined;
    }
  }

  #unpowered(): void {
    if (this.#complaint === UNPOWERED) return;
    this.#complaint = UNPOWERED;
    this.#options.log.info({ device: this.#options.device }, UNPOWERED);
  }

  #complain(error: unknown): void {
    if (error instanceof SilenceError && error.isHeldBack) return;
    const { device, log } = this.#options;
    const complaint = complaintOf(error, this.#options.advice ?? SERIAL_ADVICE);
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    log.warn({ device, err: error }, `The keyboard and mouse cannot be reached: ${complaint}`);
  }
}

/** What has happened, and what to do. */
function complaintOf(error: unknown, advice: PortAdvice): string {
  if (isSystemError(error, 'ENOENT')) return advice.missing;
  if (isSystemError(error, 'EACCES', 'EPERM')) return advice.denied;
  if (isSystemError(error, 'ENOTTY')) return advice.wrong;
  if (error instanceof SilenceError) return advice.silent;
  return error instanceof Error ? error.message : String(error);
}

/** The port while it is open. */
export class OpenPort implements Disposable {
  /** Aborts when the port has gone or is to be closed. */
  readonly signal: AbortSignal;
  readonly #stream: Duplex;
  readonly #gone = new AbortController();
  #listener: (bytes: Uint8Array) => void = () => undefined;

  constructor(stream: Duplex, device: string, ended: AbortSignal) {
    this.#stream = stream;
    this.signal = anySignal([ended, this.#gone.signal]);
    stream.on('error', (error) => this.fail(error));
    stream.once('close', () => this.fail(new Error(`${device} went away`)));
    // What comes unasked belongs to nothing any more.
    stream.on('data', (bytes: Uint8Array) => this.#listener(bytes));
  }

  /**
   * Sends a request and gives what `read` makes of the bytes that come then; undefined when it makes
   * nothing of them in `ms`. One at a time. Rejects when the port goes away.
   */
  ask<T>(request: Uint8Array, read: (bytes: Uint8Array) => T | undefined, ms: number) {
    return new Promise<T | undefined>((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason);
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', gone);
        this.#listener = () => undefined;
        done();
      };
      const gone = () => settle(() => reject(this.signal.reason));
      const timer = setTimeout(() => settle(() => resolve(undefined)), ms);
      this.signal.addEventListener('abort', gone);
      this.#listener = (bytes) => {
        const answer = read(bytes);
        if (answer !== undefined) settle(() => resolve(answer));
      };
      this.#stream.write(request);
    });
  }

  /** Ends whatever is done with the port. */
  fail(error: Error): void {
    this.#gone.abort(error);
  }

  [Symbol.dispose](): void {
    this.fail(new Error('closed'));
    this.#stream.destroy();
  }
}
