import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { AttemptQueue, type QueueLimits } from './attempt-queue.ts';
import type { AuthService } from './service.ts';

/** Asks a back end once; rejects when no answer or no sensible one comes. The signal ends it. */
export type AskBackEnd = (user: string, passwd: string, signal: AbortSignal) => Promise<boolean>;

/** What a remote service is made of. */
export interface RemoteOptions {
  /** For the log, such as `ldap`. */
  readonly name: string;
  readonly ask: AskBackEnd;
  readonly limits: QueueLimits;
  readonly log: Log;
}

/** Passwords that another program or computer knows: slow, perhaps dead, perhaps a liar. */
export class RemoteService implements AuthService {
  readonly #options: RemoteOptions;
  readonly #queue: AttemptQueue;
  readonly #version = {};
  #trouble: string | undefined;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#queue = new AttemptQueue(options.limits);
  }

  /** Always the same: nobody tells when a password changes elsewhere. */
  async version(): Promise<object> {
    return this.#version;
  }

  /** Asks the back end; UnavailableError when it does not say yes or no in time. */
  async verify(user: string, passwd: string): Promise<boolean> {
    // Some back ends take an empty password for "nobody in particular" and say yes (RFC 4513 5.1.2).
    if (passwd === '') return false;
    const { name, ask, log } = this.#options;
    try {
      const right = await this.#queue.run(user, (signal) => ask(user, passwd, signal));
      if (this.#trouble !== undefined) log.info({ backend: name }, 'The back end answers again');
      this.#trouble = undefined;
      return right;
    } catch (cause) {
      const trouble = cause instanceof Error ? cause.message : String(cause);
      // Once per trouble: clients try again and again.
      if (this.#trouble !== trouble) {
        log.error({ backend: name, error: trouble }, 'Cannot check a password');
      }
      this.#trouble = trouble;
      throw new KvmError('UnavailableError', undefined, { cause });
    }
  }

  /** Ends attempts under way. */
  close(): void {
    this.#queue.close();
  }
}
