import { RfbError } from './limits.ts';

/**
 * What a reading waits for: exactly so many bytes, as many as there are up to a number, or a promise.
 */
export type Need =
  | number
  | { readonly upTo: number }
  /** `alone`: no input may be there yet. */
  | { readonly until: Promise<unknown>; readonly alone: boolean };

/**
 * A decoder that can stop at any byte: it yields what it needs and gets the bytes, which are valid
 * until it yields again. For a promise it gets no bytes.
 */
export type Reading<T = void> = Generator<Need, T, Uint8Array>;

/**
 * Waits for something that happens elsewhere; input that comes meanwhile has to wait, too. With
 * `alone` input that has come already is an error.
 */
export function* waitFor<T>(promise: Promise<T>, alone = false): Reading<T> {
  let settled: { readonly value: T } | undefined;
  const until = promise.then((value) => {
    settled = { value };
  });
  yield { until, alone };
  if (!settled) throw new RfbError('The reading went on before what it waited for');
  return settled.value;
}

/** Reads over bytes. */
export function* skip(bytes: number): Reading {
  let left = bytes;
  while (left > 0) left -= (yield { upTo: left }).length;
}

/** The view of the bytes that a reading got. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const NOTHING = new Uint8Array();

/** Feeds a reading with the chunks of a stream; any split of the input gives the same calls. */
export class ByteReader {
  readonly #reading: Reading;
  #need: Need = 0;
  #done = false;
  #excess = 0;
  /** Collects an item that comes in several chunks. */
  #item = new Uint8Array(64);
  #filled = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#resume(NOTHING);
  }

  /** Whether the reading has all that it wanted. */
  get done(): boolean {
    return this.#done;
  }

  /** Bytes that came after its end. */
  get excess(): number {
    return this.#excess;
  }

  /**
   * Reads a chunk completely. Where something is to be waited for, a promise of that is returned:
   * the next chunk may come when it is resolved, and this one must not change meanwhile. Throws, or
   * rejects, with what the reading throws.
   */
  push(chunk: Uint8Array): Promise<void> | undefined {
    let at = 0;
    while (!this.#done) {
      const need = this.#need;
      if (typeof need === 'object' && 'until' in need) {
        return this.#later(need.until, need.alone, chunk.subarray(at));
      }
      if (need === 0) {
        this.#resume(NOTHING);
        continue;
      }
      if (at === chunk.length) return undefined;
      at +=
        typeof need === 'object' ? this.#piece(need.upTo, chunk, at) : this.#exact(need, chunk, at);
    }
    this.#excess += chunk.length - at;
    return undefined;
  }

  /** Ends the reading wherever it is; what comes later is ignored. */
  stop(): void {
    this.#done = true;
  }

  async #later(until: Promise<unknown>, alone: boolean, rest: Uint8Array): Promise<void> {
    const failure = await until.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (this.#done) return;
    if (alone && rest.length > 0) throw new RfbError('The VNC server did not wait for us');
    this.#take(failure ? this.#reading.throw(failure.error) : this.#reading.next(NOTHING));
    await this.push(rest);
  }

  #piece(upTo: number, chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + upTo);
    this.#resume(piece);
    return piece.length;
  }

  #exact(wanted: number, chunk: Uint8Array, at: number): number {
    if (this.#filled === 0 && chunk.length - at >= wanted) return this.#piece(wanted, chunk, at);
    if (wanted > this.#item.length) this.#item = new Uint8Array(wanted);
    const part = chunk.subarray(at, at + wanted - this.#filled);
    this.#item.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === wanted) this.#resume(this.#item.subarray(0, wanted));
    return part.length;
  }

  #resume(bytes: Uint8Array): void {
    this.#take(this.#reading.next(bytes));
  }

  #take(result: IteratorResult<Need, void>): void {
    this.#filled = 0;
    if (result.done) this.#done = true;
    else this.#need = result.value;
  }
}
