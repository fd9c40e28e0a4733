import type { Log } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import { isSystemError } from '../../platform/files.ts';
import type { HidGadgetCalls, HidGadgetFile } from '../../platform/hid-gadget.ts';
import { type Advice, adviceOn } from '../advice.ts';
import type { UdcState } from './udc-watch.ts';

/** How patient a writer is; names and defaults are the configuration's, times in ms. */
export interface WriterTimes {
  /** How long the host may take to fetch a report. */
  readonly selectMs: number;
  /** Between two attempts to let everything go after a failure. */
  readonly retryMs: number;
  /** How many of them there are; later ones come every second. */
  readonly retries: number;
}

/** What a writer is made of. */
export interface ReportWriterOptions {
  readonly device: string;
  readonly times: WriterTimes;
  /** Notes that nothing is held; the report that says so. */
  readonly clear: () => Uint8Array;
  /** Whether to let everything go at the start, should somebody before us have left it down. */
  readonly clearsFirst: boolean;
  readonly calls: HidGadgetCalls;
  readonly log: Log;
}

const DENIED = "the server's user may not open it: see the rules of udev in docs/hardware.md";
const ADVICE: Advice = {
  ENOENT: 'there is no gadget (crashcart otg start makes it), or kvmd.hid names another file',
  ...{ EACCES: DENIED, EPERM: DENIED },
};

const LATE_RETRY_MS = 1000;
/** With more waiting reports than this, the last is replaced: each one says all of the state. */
const MAX_BACKLOG = 20_000;

interface Item {
  readonly report: Uint8Array;
  readonly isMove: boolean;
}

/** The host has not fetched a report in time. */
class HostBusyError extends Error {
  override readonly name = 'HostBusyError';
}

/**
 * Writes reports into one file of the gadget as fast as the host fetches them. When it does not, what
 * waits is dropped and the device is offline; before anything else the host gets the report that
 * lets everything go, so that no key stays down over an outage.
 */
export class ReportWriter implements AsyncDisposable {
  /** Whether the host fetches reports. */
  readonly online = new StateCell(false);
  /** How many reports wait. */
  readonly backlog = new StateCell(0);
  readonly #options: ReportWriterOptions;
  #host: UdcState = 'away';
  #file: HidGadgetFile | undefined;
  #queue: Item[] = [];
  /** What the host must get before anything else. */
  #owed: Uint8Array | undefined;
  /** Whether anything was ever sent, so that something may be down. */
  #isUsed: boolean;
  /** Settles when the report that the host was given last is fetched, or given up. */
  #waiting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** How often everything that waits was dropped. */
  #drops = 0;
  #complaint: string | undefined;
  #closed = false;

  constructor(options: ReportWriterOptions) {
    this.#options = options;
    this.#isUsed = options.clearsFirst;
    if (options.clearsFirst) this.#owed = options.clear();
  }

  /** Queues reports. A move that waits at the very end is replaced by a newer one. */
  push(reports: readonly Uint8Array[], isMove = false): void {
    if (this.#closed) return;
    if (this.#host === 'away') {
      this.#drop();
      return;
    }
    this.#isUsed = true;
    for (const report of reports) {
      const last = this.#queue.at(-1);
      if (this.#queue.length >= MAX_BACKLOG || (isMove && last?.isMove)) this.#queue.pop();
      this.#queue.push({ report, isMove });
    }
    this.#run();
  }

  /** Lets everything go, before and instead of what waits. */
  release(): void {
    this.#queue = [];
    this.push([this.#options.clear()]);
  }

  /** What the host makes of the gadget now. */
  setHost(host: UdcState): void {
    if (host === this.#host || this.#closed) return;
    this.#host = host;
    this.#failures = 0;
    if (host === 'configured') this.#attempt();
    else this.online.set(false);
    if (host === 'away') {
      this.#drop();
      this.#closeFile();
    }
  }

  /** Lets everything go as far as the host listens, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#waiting;
    // A host that has just gone cannot be told.
    const clear = this.#options.clear();
    if (this.online.value && this.#isUsed) await this.#write(clear).catch(() => undefined);
    this.#closeFile();
    this.online.set(false);
  }

  /** Writes what the host takes at once; the rest waits for it. */
  #run(): void {
    try {
      while (!this.#waiting && !this.#closed && this.#queue.length > 0) {
        const report = this.#owed ?? this.#queue.shift()?.report;
        if (!report) return;
        if (this.#tryWrite(report)) this.#written();
        else this.#waiting = this.#wait(report);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#count();
    }
  }

  async #wait(report: Uint8Array): Promise<void> {
    try {
      await this.#write(report);
      this.#waiting = undefined;
      this.#written();
    } catch (error) {
      this.#waiting = undefined;
      this.#fail(error);
    }
    this.#run();
  }

  /** Writes one report as soon as the host takes it; throws when it does not in time. */
  async #write(report: Uint8Array): Promise<void> {
    const endMs = performance.now() + this.#options.times.selectMs;
    const drops = this.#drops;
    while (!this.#tryWrite(report)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new HostBusyError();
      await this.#open().writable(leftMs);
      // The host has gone meanwhile; one that is back must not get what was meant for before.
      if (drops !== this.#drops) throw new HostBusyError();
    }
  }

  /** False when the host has not fetched the report before. */
  #tryWrite(report: Uint8Array): boolean {
    try {
      this.#open().write(report);
      return true;
    } catch (error) {
      if (isSystemError(error, 'EAGAIN')) return false;
      throw error;
    }
  }

  #written(): void {
    const { device, log } = this.#options;
    if (this.#complaint !== undefined) log.info({ device }, 'The USB device takes input again');
    this.#owed = undefined;
    this.#failures = 0;
    this.#complaint = undefined;
    this.#count();
    this.online.set(this.#host === 'configured');
  }

  /** One attempt to be online that waits for nothing. */
  #attempt(): void {
    clearTimeout(this.#timer);
    if (this.#waiting || this.#closed || this.#host !== 'configured') return;
    try {
      this.#open();
      if (this.#owed && !this.#tryWrite(this.#owed)) throw new HostBusyError();
      this.#written();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    // A host that sleeps or does not look is no trouble; a file that is not there may be.
    if (!(error instanceof HostBusyError)) {
      this.#closeFile();
      this.#complain(error);
    }
    this.#drop();
    this.online.set(false);
    clearTimeout(this.#timer);
    // Each attempt could wake a host that sleeps: only what a person does may.
    if (this.#closed || this.#host !== 'configured') return;
    const { retryMs, retries } = this.#options.times;
    this.#failures += 1;
    this.#timer = setTimeout(
      () => this.#attempt(),
      this.#failures <= retries ? retryMs : LATE_RETRY_MS,
    );
    this.#timer.unref();
  }

  /** The same trouble is told once. */
  #complain(error: unknown): void {
    if (isSystemError(error, 'ESHUTDOWN')) return;
    const complaint = error instanceof Error ? error.message : String(error);
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    const { device, log } = this.#options;
    log.warn({ device, err: error }, `The USB device takes no input${adviceOn(error, ADVICE)}`);
  }

  #drop(): void {
    this.#queue = [];
    this.#drops += 1;
    const clear = this.#options.clear();
    if (this.#isUsed) this.#owed = clear;
    this.#count();
  }

  #open(): HidGadgetFile {
    this.#file ??= this.#options.calls.open(this.#options.device);
    return this.#file;
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #count(): void {
    this.backlog.set(this.#queue.length + (this.#waiting ? 1 : 0));
  }
}
