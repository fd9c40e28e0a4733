/** Bytes of a block; the sizes of all reads of the source are multiples of it. */
export const BLOCK_BYTES = 128 * 1024;
/** Blocks that are kept: 16 MiB. */
const MAX_BLOCKS = 128;
/** Blocks that are read at once: 1 MiB. */
const RUN_BLOCKS = 8;
/** How far ahead of a reader that goes straight on is read, blocks: first 256 KiB, at last 4 MiB. */
const AHEAD_BLOCKS = { first: 2, last: 32 } as const;

/** Reads exactly these bytes. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Keeps what was read last of a source in blocks. However many ask for a block at once, it is read
 * once; for who reads straight on what follows is read before it is asked for.
 */
export class BlockCache {
  readonly #read: ReadBytes;
  readonly #sizeBytes: number;
  /** In the order of their last use. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  #next = 0;
  #ahead: number = AHEAD_BLOCKS.first;
  #aheadEnd = 0;

  constructor(sizeBytes: number, read: ReadBytes) {
    this.#sizeBytes = sizeBytes;
    this.#read = read;
  }

  /** Exactly these bytes, which lie within. Rejects as the source does. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const first = Math.floor(offset / BLOCK_BYTES);
    const end = Math.ceil((offset + length) / BLOCK_BYTES);
    const bytes = new Uint8Array(length);
    // One run after another: a long read would push itself out of the cache.
    for (let run = first; run < end; run += RUN_BLOCKS) {
      const blocks = this.#get(run, Math.min(end, run + RUN_BLOCKS));
      if (run === first) this.#follow(first, end);
      let index = run;
      for (const block of blocks) {
        copy(await block, index * BLOCK_BYTES - offset, bytes);
        index += 1;
      }
    }
    return bytes;
  }

  /** Forgets everything. */
  clear(): void {
    this.#blocks.clear();
    this.#ahead = AHEAD_BLOCKS.first;
    this.#aheadEnd = 0;
  }

  /** Begins to read what comes next, where somebody reads straight on. */
  #follow(first: number, end: number): void {
    const before = this.#next;
    // Still within the block of before.
    if (end === before && first === before - 1) return;
    this.#next = end;
    if (first !== before && first !== before - 1) {
      this.#ahead = AHEAD_BLOCKS.first;
      this.#aheadEnd = end;
      return;
    }
    this.#ahead = Math.min(AHEAD_BLOCKS.last, this.#ahead * 2);
    const from = Math.max(end, this.#aheadEnd);
    // Few long reads cost less than many short ones.
    if (from - end > this.#ahead / 2) return;
    this.#aheadEnd = Math.min(end + this.#ahead, Math.ceil(this.#sizeBytes / BLOCK_BYTES));
    for (let run = from; run < this.#aheadEnd; run += RUN_BLOCKS) {
      for (const block of this.#get(run, Math.min(this.#aheadEnd, run + RUN_BLOCKS))) {
        // Whoever asks for it reads it again.
        block.catch(() => undefined);
      }
    }
  }

  /** The blocks from `first` up to `end`; those that are missing are read at once. */
  #get(first: number, end: number): readonly Promise<Uint8Array>[] {
    for (let index = first; index < end; index += 1) {
      const known = this.#blocks.get(index);
      if (known) {
        this.#blocks.delete(index);
        this.#blocks.set(index, known);
        continue;
      }
      let after = index + 1;
      while (after < end && !this.#blocks.has(after)) after += 1;
      this.#fetch(index, after);
      index = after - 1;
    }
    const blocks = Array.from({ length: end - first }, (_, at) => this.#blocks.get(first + at));
    this.#trim();
    return blocks.filter((block) => block !== undefined);
  }

  #fetch(first: number, end: number): void {
    const start = first * BLOCK_BYTES;
    const length = Math.min(end * BLOCK_BYTES, this.#sizeBytes) - start;
    const run = this.#read(start, length);
    for (let index = first; index < end; index += 1) {
      const at = (index - first) * BLOCK_BYTES;
      const block = run.then((bytes) => bytes.subarray(at, at + BLOCK_BYTES));
      this.#blocks.set(index, block);
      block.catch(() => {
        if (this.#blocks.get(index) === block) this.#blocks.delete(index);
      });
    }
  }

  #trim(): void {
    for (const index of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) return;
      this.#blocks.delete(index);
    }
  }
}

/** Puts a block into its place; it may begin before the target and end after it. */
function copy(block: Uint8Array, at: number, target: Uint8Array): void {
  const part = block.subarray(Math.max(0, -at), target.length - at);
  target.set(part, Math.max(0, at));
}
