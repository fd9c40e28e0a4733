import { setMaxListeners } from 'node:events';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, until } from '../../core/state.ts';
import { type BlockSource, SourceChangedError, SourceRefusedError } from './block-source.ts';

/**
 * How long a machine waits for what it reads before it gets an error, ms. Linux resets a drive after 30 s;
 * a USB gadget that still waits then is away as a whole, with its keyboard, and does not come back.
 */
const PATIENCE_MS = 20_000;
/** How long one try may take, ms. */
const TRY_MS = 30_000;
/** From one try to the next while the source is away, ms: more and more. */
const RETRY_MS = { first: 250, last: 30_000 } as const;

/** How a source is; times by Date.now(), ms. */
export type SourceState =
  | { readonly kind: 'online' }
  | {
      /** Not reached; it is tried again. Refused: it is there and gives nothing, or gave it up. */
      readonly kind: 'retrying' | 'changed' | 'gone';
      readonly sinceMs: number;
      readonly reason: string;
    };

/** What a steady source is made of. */
export interface SteadySourceOptions {
  readonly open: (signal: AbortSignal) => Promise<BlockSource>;
  /** What it is called in the log. */
  readonly image: string;
  readonly log: Log;
  /** `PATIENCE_MS` unless told. */
  readonly patienceMs?: number | undefined;
}

/**
 * A source that may go and come: who reads meanwhile waits, though not for ever. It is opened when
 * it is needed, and what it is tells its state.
 */
export class SteadySource {
  readonly state = new StateCell<SourceState>({ kind: 'online' });
  readonly #open: SteadySourceOptions['open'];
  readonly #image: string;
  readonly #log: Log;
  readonly #patienceMs: number;
  readonly #closing = listened();
  /** Aborted while nobody shall wait. */
  #patience = listened();
  #opened: Promise<BlockSource> | undefined;
  #healing: Promise<void> | undefined;

  constructor({ open, image, log, patienceMs = PATIENCE_MS }: SteadySourceOptions) {
    this.#open = open;
    this.#image = image;
    this.#log = log;
    this.#patienceMs = patienceMs;
  }

  /** Exactly these bytes. Rejects when the source is away for too long, or is another. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const signals = [this.#closing.signal, this.#patience.signal];
    for (const signal of signals) signal.throwIfAborted();
    using limit = new Limit(signals, this.#patienceMs);
    for (;;) {
      limit.signal.throwIfAborted();
      if (this.state.value.kind === 'online') {
        const sinceMs = Date.now();
        try {
          return await this.#try(offset, length, [limit.signal]);
        } catch (error) {
          for (const signal of signals) signal.throwIfAborted();
          this.#lost(error, { offset, length }, sinceMs);
        }
      }
      await this.#wait(limit.signal);
    }
  }

  /**
   * Fails whoever reads, until the next `check` or `rest`: a drive that lets go of the image waits for its
   * reads, and a machine may stand still with it.
   */
  giveUp(): void {
    this.#patience.abort(new Error('The image was taken out'));
  }

  /** Tries it once now; rejects with the reason when it cannot be read. */
  async check(): Promise<void> {
    this.#bePatient();
    try {
      await this.#try(0, 1);
      this.#back();
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      this.#lost(error, { offset: 0, length: 1 });
      throw error;
    }
  }

  /** Nobody reads now: lets go of the source until somebody does. */
  rest(): void {
    this.#drop();
    this.#bePatient();
  }

  /** Ends what is being read. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The link was closed'));
    this.#drop();
    await this.#healing;
  }

  #drop(): void {
    void this.#opened?.then((source) => source.close()).catch(() => undefined);
    this.#opened = undefined;
  }

  #bePatient(): void {
    if (this.#patience.signal.aborted) this.#patience = listened();
  }

  async #try(
    offset: number,
    length: number,
    signals: readonly AbortSignal[] = [this.#closing.signal],
  ): Promise<Uint8Array> {
    using limit = new Limit(signals, TRY_MS);
    const { signal } = limit;
    this.#opened ??= this.#open(signal);
    const opened = this.#opened;
    try {
      const source = await opened;
      return await source.read(offset, length, signal);
    } catch (error) {
      // Others may have opened it anew meanwhile.
      if (this.#opened === opened) this.#drop();
      throw error;
    }
  }

  /** Resolves when it is online again; rejects at once where waiting is of no use. */
  async #wait(signal: AbortSignal): Promise<void> {
    const state = this.state.value;
    if (state.kind === 'online') return;
    const leftMs = state.sinceMs + this.#patienceMs - Date.now();
    if (state.kind !== 'retrying' || leftMs <= 0) throw new Error(state.reason);
    using limit = new Limit([signal], leftMs);
    const isSettled = ({ kind }: SourceState) => kind !== 'retrying';
    await until(this.state, isSettled, limit.signal).catch(() => undefined);
  }

  /** `lostMs` is when it gave nothing any more, as far as is known. */
  #lost(
    error: unknown,
    failed: { readonly offset: number; readonly length: number },
    lostMs = Date.now(),
  ): void {
    const kind = kindOf(error);
    const reason = reasonOf(error);
    const before = this.state.value;
    const sinceMs = before.kind === 'online' ? lostMs : before.sinceMs;
    this.state.set({ kind, sinceMs, reason });
    if (before.kind !== kind) {
      this.#log.warn({ image: this.#image, reason }, `The source of the image is ${WORDS[kind]}`);
    }
    this.#healing ??= this.#heal(failed);
  }

  #back(): void {
    if (!this.state.set({ kind: 'online' })) return;
    this.#log.info({ image: this.#image }, 'The source of the image is back');
  }

  /** Tries what failed until it goes well. */
  async #heal({ offset, length }: { offset: number; length: number }): Promise<void> {
    const { signal } = this.#closing;
    for (let delayMs: number = RETRY_MS.first; ; delayMs = Math.min(RETRY_MS.last, delayMs * 2)) {
      try {
        await sleep(delayMs, signal);
        if (this.state.value.kind !== 'online') await this.#try(offset, length);
        this.#healing = undefined;
        this.#back();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#lost(error, { offset, length });
      }
    }
  }
}

/** A controller to whose signal each read that is under way listens. */
function listened(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A signal that aborts with one of others or after a time, and lets go of them. */
class Limit implements Disposable {
  readonly #controller = new AbortController();
  readonly #done = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(outers: readonly AbortSignal[], ms: number) {
    for (const outer of outers) {
      const abort = () => this.#controller.abort(outer.reason);
      if (outer.aborted) abort();
      else outer.addEventListener('abort', abort, { once: true, signal: this.#done.signal });
    }
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`The source gave nothing for ${Math.round(ms / 1000)} s`));
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#done.abort();
  }
}

const WORDS = { retrying: 'away; it is tried again', changed: 'another one now', gone: 'gone' };

function kindOf(error: unknown) {
  if (error instanceof SourceChangedError) return 'changed';
  return error instanceof SourceRefusedError ? 'gone' : 'retrying';
}

/** In words; without what PiKVM's own words would have around them. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTold = 'reason' in error && typeof error.reason === 'string' && error.reason !== '';
  return isTold ? String(error.reason) : error.message;
}
