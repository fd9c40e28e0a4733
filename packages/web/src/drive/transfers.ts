import { type ReadonlySignal, signal } from '@preact/signals';
import {
  driveRefusal,
  foreseenRefusal,
  type Refusal,
  type StorageFacts,
} from '../state/refusal.ts';
import { SpeedMeter } from '../state/speed.ts';

/** Where an image comes from. */
export type TransferSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'url'; readonly url: string };

/** How far an image on its way into the storage is; sizes in bytes, speed in bytes/s. */
export type TransferState =
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'running';
      readonly done: number;
      readonly total: number | undefined;
      readonly speed: number | undefined;
    }
  | { readonly kind: 'failed'; readonly refusal: Refusal }
  | { readonly kind: 'done' };

/** One image on its way into the storage. */
export interface Transfer {
  /** Unique in this page. */
  readonly id: string;
  readonly source: TransferSource;
  /** With its folder; empty = as the other server calls it. */
  readonly name: string;
  readonly state: TransferState;
}

/** What is done of a transfer, in bytes; the name once the server has told it. */
export interface Progress {
  readonly done: number;
  readonly total: number | undefined;
  readonly name?: string;
}

const SHOW_EVERY_MS = 250;

/** How images are sent. */
export interface Sender {
  /** Sends the image and reports meanwhile; rejects when it was refused or aborted. */
  send(
    transfer: Transfer,
    report: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Resolves when the server can take an image; rejects when aborted. */
  ready(signal: AbortSignal): Promise<void>;
  /** What is known of the storage for an image of this name. */
  facts(name: string): StorageFacts;
  /** Removes what has the name. */
  remove(name: string): Promise<void>;
  /** In ms, from any point on. */
  now(): number;
}

/** Images on their way into the storage, one after another, as the server takes one at a time. */
export class TransferQueue {
  readonly #sender: Sender;
  readonly #list = signal<readonly Transfer[]>([]);
  readonly #running = new Map<string, AbortController>();
  #last = 0;
  #busy = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** All that were added and not dismissed, in their order. */
  get list(): ReadonlySignal<readonly Transfer[]> {
    return this.#list;
  }

  /** Adds images at the end. */
  add(images: readonly Pick<Transfer, 'source' | 'name'>[]): void {
    const added = images.map((image) => {
      this.#last += 1;
      return { ...image, id: `transfer-${this.#last}`, state: { kind: 'waiting' } as const };
    });
    this.#list.value = [...this.#list.peek(), ...added];
    void this.#work();
  }

  /** Ends it and forgets it; the server drops what it has of it. */
  cancel(id: string): void {
    this.#running.get(id)?.abort();
    this.#list.value = this.#list.peek().filter((transfer) => transfer.id !== id);
  }

  /** Tries one again that has failed, under another name if one is given. */
  retry(id: string, name?: string): void {
    this.#change(id, { state: { kind: 'waiting' }, ...(name !== undefined && { name }) });
    void this.#work();
  }

  /** Removes the broken image that has the name, and tries again. */
  async replace(id: string): Promise<void> {
    const transfer = this.#find(id);
    if (transfer === undefined) return;
    try {
      await this.#sender.remove(transfer.name);
    } catch (error) {
      this.#change(id, { state: { kind: 'failed', refusal: driveRefusal(error) } });
      return;
    }
    this.retry(id);
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#run(next);
    } finally {
      this.#busy = false;
    }
  }

  #next(): Transfer | undefined {
    return this.#list.peek().find(({ state }) => state.kind === 'waiting');
  }

  async #run(transfer: Transfer): Promise<void> {
    const { id } = transfer;
    const ending = new AbortController();
    this.#running.set(id, ending);
    try {
      await this.#sender.ready(ending.signal);
      this.#change(id, { state: await this.#send(transfer, ending.signal) });
    } catch (error) {
      if (!ending.signal.aborted) {
        this.#change(id, { state: { kind: 'failed', refusal: driveRefusal(error) } });
      }
    } finally {
      this.#running.delete(id);
    }
  }

  async #send(transfer: Transfer, signal: AbortSignal): Promise<TransferState> {
    const { source, name } = transfer;
    const size = source.kind === 'file' ? source.file.size : undefined;
    const refusal = name === '' ? undefined : foreseenRefusal(name, size, this.#sender.facts(name));
    if (refusal !== undefined) return { kind: 'failed', refusal };
    const meter = new SpeedMeter();
    let shownMs = Number.NEGATIVE_INFINITY;
    let shownTotal: number | undefined;
    const report = ({ done, total, name }: Progress) => {
      const nowMs = this.#sender.now();
      meter.note(done, nowMs);
      // What changes faster nobody can read, and drawing it costs the input its turn.
      if (nowMs - shownMs < SHOW_EVERY_MS && done !== total && total === shownTotal) return;
      shownMs = nowMs;
      shownTotal = total;
      const state = { kind: 'running', done, total, speed: meter.speed } as const;
      this.#change(transfer.id, { state, ...(name && { name }) });
    };
    report({ done: 0, total: size });
    await this.#sender.send(transfer, report, signal);
    return { kind: 'done' };
  }

  #find(id: string): Transfer | undefined {
    return this.#list.peek().find((transfer) => transfer.id === id);
  }

  #change(id: string, change: Partial<Transfer>): void {
    this.#list.value = this.#list
      .peek()
      .map((transfer) => (transfer.id === id ? { ...transfer, ...change } : transfer));
  }
}
