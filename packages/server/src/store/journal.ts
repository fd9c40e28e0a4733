import type { z } from 'zod';
import { AppendFile, type LineSnapshot } from '../platform/append-file.ts';

/** How a journal is kept. */
export interface JournalOptions<T> {
  /** The present file; the one before it has `.1` appended. */
  readonly path: string;
  /** Lines that do not fit are skipped when reading. */
  readonly schema: z.ZodType<T>;
  /** Of each of the two files. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Whether each batch is on the disk before `flush` resolves. Default false. */
  readonly fsync?: boolean;
  /** Told once when writing begins to fail; what fails stays in memory, bounded, and is retried. */
  readonly onTrouble?: (error: unknown) => void;
}

/** How a journal is read. */
export interface JournalReadOptions<T> {
  /** Of what is there already, give only what passes; new entries are given in any case. */
  readonly keep?: (entry: T) => boolean;
  /** Go on with new entries until the signal aborts. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

/** Characters that wait for the disk at most; beyond it the oldest lines are dropped. */
const MAX_PENDING = 1024 * 1024;
/** Lines that wait for one slow follower at most; beyond it the oldest are dropped. */
const MAX_FOLLOWER_LINES = 10_000;

/**
 * JSON lines that are only ever appended, in two files of bounded size. Appending never waits:
 * lines go to memory and from there to the disk in batches. A full or read-only disk loses the
 * oldest waiting lines, not the process.
 */
export class Journal<T> {
  readonly #options: JournalOptions<T>;
  readonly #file: AppendFile;
  readonly #followers = new Set<Follower>();
  #pending: string[] = [];
  #pendingLength = 0;
  #scheduled = false;
  #failing = false;
  /** File work, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions<T>) {
    this.#options = options;
    this.#file = new AppendFile(options.path);
  }

  /** Appends one entry. */
  append(entry: T): void {
    this.appendLine(JSON.stringify(entry));
  }

  /** Appends an entry that is one line of JSON already; its line end may be missing. */
  appendLine(text: string): void {
    const line = text.endsWith('\n') ? text : `${text}\n`;
    this.#pending.push(line);
    this.#pendingLength += line.length;
    this.#dropOldest();
    for (const follower of this.#followers) follower.push(line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.flush();
    });
  }

  /** Resolves when everything appended so far was written or has failed to be. */
  async flush(): Promise<void> {
    await this.#enqueue(() => this.#write());
  }

  /** Writes what waits, at once; for the last words of a process. */
  flushSync(): void {
    if (this.#pending.length === 0) return;
    try {
      this.#file.appendSync(this.#pending.join(''));
      this.#clearPending();
    } catch {
      // The process ends anyway, and trouble was told already.
    }
  }

  /** Every entry kept, oldest first, then new ones as they come; none twice and none left out. */
  async *read({ follow, signal, keep = () => true }: JournalReadOptions<T>): AsyncGenerator<T> {
    const follower = new Follower();
    const snapshots: LineSnapshot[] = [];
    let waiting: readonly string[] = [];
    await this.#enqueue(async () => {
      for (const file of [new AppendFile(this.#oldPath), this.#file]) {
        const snapshot = await file.snapshot();
        if (snapshot) snapshots.push(snapshot);
      }
      // In one go and while nothing is written: here memory takes over from the files.
      waiting = [...this.#pending];
      if (follow) this.#followers.add(follower);
    });
    try {
      for (const snapshot of snapshots) {
        for await (const line of snapshot.lines()) {
          if (signal?.aborted) return;
          yield* this.#parse(line, keep);
        }
      }
      for (const line of waiting) yield* this.#parse(line, keep);
      if (!follow) return;
      for await (const line of follower.lines(signal)) yield* this.#parse(line);
    } finally {
      this.#followers.delete(follower);
      for (const snapshot of snapshots) await snapshot.close();
    }
  }

  *#parse(line: string, keep: (entry: T) => boolean = () => true): Generator<T> {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    const parsed = this.#options.schema.safeParse(value);
    if (parsed.success && keep(parsed.data)) yield parsed.data;
  }

  get #oldPath(): string {
    return `${this.#options.path}.1`;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #write(): Promise<void> {
    if (this.#pending.length === 0) return;
    const { maxBytes = 8 * 1024 * 1024, fsync = false, onTrouble } = this.#options;
    const batch = this.#pending;
    this.#clearPending();
    try {
      const text = batch.join('');
      const size = await this.#file.size();
      if (size > 0 && size + Buffer.byteLength(text) > maxBytes) {
        await this.#file.renameTo(this.#oldPath);
      }
      await this.#file.append(text, fsync);
      this.#failing = false;
    } catch (error) {
      // They wait for the next append: a partly written batch may then be there twice.
      this.#pending = [...batch, ...this.#pending];
      this.#pendingLength = this.#pending.reduce((sum, line) => sum + line.length, 0);
      this.#dropOldest();
      if (this.#failing) return;
      this.#failing = true;
      onTrouble?.(error);
    }
  }

  #clearPending(): void {
    this.#pending = [];
    this.#pendingLength = 0;
  }

  #dropOldest(): void {
    if (this.#pendingLength <= MAX_PENDING) return;
    let dropped = 0;
    while (this.#pendingLength > MAX_PENDING / 2 && dropped < this.#pending.length - 1) {
      this.#pendingLength -= this.#pending[dropped]?.length ?? 0;
      dropped += 1;
    }
    this.#pending.splice(0, dropped);
  }
}

/** The lines that one follower has not taken yet. */
class Follower {
  #lines: string[] = [];
  #wake: () => void = () => {};

  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_FOLLOWER_LINES) this.#lines.splice(0, MAX_FOLLOWER_LINES / 2);
    this.#wake();
  }

  async *lines(signal: AbortSignal | undefined): AsyncGenerator<string> {
    const aborted = () => this.#wake();
    signal?.addEventListener('abort', aborted);
    try {
      while (signal?.aborted !== true) {
        const lines = this.#lines;
        this.#lines = [];
        yield* lines;
        if (this.#lines.length > 0 || signal?.aborted) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }
}
