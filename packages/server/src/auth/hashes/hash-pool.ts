import { Worker } from 'node:worker_threads';
import { KvmError } from '@crashcart/api';
import { type PasswordHash, verifyHash } from './hash.ts';
import type { HashJob, HashResult } from './hash-worker.ts';

/** Limits of a HashPool. */
export interface HashPoolOptions {
  /** Threads at most; they start with the first slow hash. */
  readonly threads?: number;
  /** Jobs that may wait or run; one more is refused. */
  readonly maxJobs?: number;
  /** Seam for tests: makes a thread. */
  readonly startThread?: () => HashThread;
}

/** What the pool needs of a worker thread. */
export interface HashThread {
  postMessage(job: HashJob): void;
  on(event: 'message', listener: (result: HashResult) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  ref(): void;
  unref(): void;
  terminate(): unknown;
}

interface Pending {
  readonly job: HashJob;
  readonly resolve: (matches: boolean) => void;
  readonly reject: (error: Error) => void;
}

const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** When run from TypeScript sources (unit tests) no thread can load them: the next turn does it. */
function inProcess(): HashThread {
  let answer: ((result: HashResult) => void) | undefined;
  return {
    postMessage: ({ id, password, hash }) =>
      setImmediate(() => answer?.({ id, matches: verifyHash(password, hash) })),
    on: (event: string, listener: unknown) => {
      if (event === 'message') answer = listener as (result: HashResult) => void;
    },
    ref() {},
    unref() {},
    terminate() {},
  };
}

function startWorker(): HashThread {
  return FROM_SOURCE ? inProcess() : new Worker(new URL('./hash-worker.js', import.meta.url));
}

/** Verifies passwords; slow hashes run in worker threads, so that the event loop stays free. */
export class HashPool {
  readonly #threads = new Map<HashThread, Pending | undefined>();
  readonly #waiting: Pending[] = [];
  readonly #maxThreads: number;
  readonly #maxJobs: number;
  readonly #startThread: () => HashThread;
  #jobs = 0;
  #lastId = 0;
  #closed = false;

  constructor(options: HashPoolOptions = {}) {
    this.#maxThreads = options.threads ?? 1;
    this.#maxJobs = options.maxJobs ?? 32;
    this.#startThread = options.startThread ?? startWorker;
  }

  /** Whether the password belongs to the hash; UnavailableError when too many are waiting. */
  async verify(password: string, hash: PasswordHash): Promise<boolean> {
    if (!hash.slow) return verifyHash(password, hash.text);
    if (this.#closed || this.#jobs >= this.#maxJobs) throw new KvmError('UnavailableError');
    this.#jobs++;
    try {
      return await new Promise<boolean>((resolve, reject) => {
        const job = { id: ++this.#lastId, password, hash: hash.text };
        this.#waiting.push({ job, resolve, reject });
        this.#dispatch();
      });
    } finally {
      this.#jobs--;
    }
  }

  /** Ends the threads; what waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    for (const { reject } of this.#waiting.splice(0)) reject(new KvmError('UnavailableError'));
    for (const [thread, pending] of threads) {
      pending?.reject(new KvmError('UnavailableError'));
      await thread.terminate();
    }
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idleThread();
      const next = thread && this.#waiting.shift();
      if (!next) return;
      this.#threads.set(thread, next);
      thread.ref();
      thread.postMessage(next.job);
    }
  }

  #idleThread(): HashThread | undefined {
    for (const [thread, pending] of this.#threads) if (!pending) return thread;
    return this.#threads.size < this.#maxThreads ? this.#addThread() : undefined;
  }

  #addThread(): HashThread {
    const thread = this.#startThread();
    this.#threads.set(thread, undefined);
    thread.on('message', ({ id, matches }) => {
      const pending = this.#threads.get(thread);
      if (pending?.job.id !== id) return;
      this.#threads.set(thread, undefined);
      thread.unref();
      pending.resolve(matches);
      this.#dispatch();
    });
    thread.on('error', (cause) => {
      const pending = this.#threads.get(thread);
      this.#threads.delete(thread);
      pending?.reject(new KvmError('UnavailableError', undefined, { cause }));
      if (!this.#closed) this.#dispatch();
    });
    thread.unref();
    return thread;
  }
}
