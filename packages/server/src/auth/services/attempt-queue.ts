import { setMaxListeners } from 'node:events';
import { anySignal } from '../../core/any-signal.ts';

/** Limits of a queue. */
export interface QueueLimits {
  /** Of one attempt, and of waiting for its turn, ms. */
  readonly timeoutMs: number;
  /** Attempts at once. Default 16. */
  readonly parallel?: number;
  /** Attempts at once of one user. Default 2. */
  readonly parallelPerUser?: number;
  /** Attempts that wait. Default 64. */
  readonly waiting?: number;
  /** Attempts of one user that wait. Default 4. */
  readonly waitingPerUser?: number;
}

/** Why an attempt was not made or not finished. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
}

interface Waiter {
  readonly user: string;
  start(): void;
}

/**
 * Attempts at a back end that may hang: each ends in time whatever the back end does, few are under
 * way at once, few wait, and one user can hold neither all places nor the whole queue.
 */
export class AttemptQueue {
  readonly #limits: Required<QueueLimits>;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, number>();
  readonly #waiters: Waiter[] = [];
  #count = 0;

  constructor(limits: QueueLimits) {
    const defaults = { parallel: 16, parallelPerUser: 2, waiting: 64, waitingPerUser: 4 };
    this.#limits = { ...defaults, ...limits };
    setMaxListeners(0, this.#closing.signal);
  }

  /**
   * What `task` makes of it; its signal aborts when the time is over or the queue closes. Rejects
   * with QueueError then, whether the task listens or not, and at once when there is no place.
   */
  async run<T>(user: string, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    await this.#turn(user);
    const limit = this.#limit('The answer did not come in time');
    try {
      return await Promise.race([task(limit.signal), limit.over]);
    } finally {
      limit.end();
      this.#leave(user);
    }
  }

  /** Ends all attempts, also those that come later. */
  close(): void {
    this.#closing.abort(new QueueError('The server is closing'));
  }

  async #turn(user: string): Promise<void> {
    const { waiting, waitingPerUser } = this.#limits;
    if (this.#mayStart(user)) return this.#enter(user);
    const sameUser = this.#waiters.filter((waiter) => waiter.user === user).length;
    if (this.#waiters.length >= waiting || sameUser >= waitingPerUser) {
      throw new QueueError('Too many attempts wait for an answer');
    }
    const limit = this.#limit('The attempts before did not end in time');
    const waiter: Waiter = { user, start: () => undefined };
    const started = new Promise<void>((resolve) => {
      waiter.start = resolve;
    });
    this.#waiters.push(waiter);
    try {
      await Promise.race([started, limit.over]);
    } catch (error) {
      const at = this.#waiters.indexOf(waiter);
      // Not there any more: its turn came in the same moment, and goes to the next.
      if (at >= 0) this.#waiters.splice(at, 1);
      else this.#leave(user);
      throw error;
    } finally {
      limit.end();
    }
  }

  #mayStart(user: string): boolean {
    const { parallel, parallelPerUser } = this.#limits;
    return this.#count < parallel && (this.#running.get(user) ?? 0) < parallelPerUser;
  }

  #enter(user: string): void {
    this.#count++;
    this.#running.set(user, (this.#running.get(user) ?? 0) + 1);
  }

  #leave(user: string): void {
    this.#count--;
    const left = (this.#running.get(user) ?? 1) - 1;
    if (left > 0) this.#running.set(user, left);
    else this.#running.delete(user);
    const at = this.#waiters.findIndex((waiter) => this.#mayStart(waiter.user));
    const [next] = at < 0 ? [] : this.#waiters.splice(at, 1);
    if (!next) return;
    this.#enter(next.user);
    next.start();
  }

  /** Rejects `over`, and aborts `signal`, when the time is up or the queue closes. */
  #limit(text: string) {
    const time = new AbortController();
    const timer = setTimeout(() => time.abort(new QueueError(text)), this.#limits.timeoutMs);
    const signal = anySignal([time.signal, this.#closing.signal]);
    const over = new Promise<never>((_, reject) => {
      const fail = () => reject(signal.reason);
      if (signal.aborted) fail();
      else signal.addEventListener('abort', fail, { once: true });
    });
    over.catch(() => undefined);
    return {
      signal,
      over,
      end: () => {
        clearTimeout(timer);
        time.abort(new QueueError('The attempt has ended'));
      },
    };
  }
}
