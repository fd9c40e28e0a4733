import type { Unsubscribe } from '../core/state.ts';
import { Remember } from './remember.ts';
import type { AuthService, UsersListener } from './services/service.ts';

/** A service and what it said a moment ago. */
export interface Backend {
  readonly service: AuthService;
  readonly remember: Remember;
}

/** Which services there are; `now` is in ms. */
export interface BackendsOptions {
  readonly internal: AuthService;
  readonly external?: AuthService;
  readonly forceUsers: ReadonlySet<string>;
  readonly now: () => number;
}

/** Who knows whose password: the external service, if there is one, but for the forced users. */
export class Backends {
  readonly #internal: Backend;
  readonly #external: Backend | undefined;
  readonly #forceUsers: ReadonlySet<string>;

  constructor({ internal, external, forceUsers, now }: BackendsOptions) {
    this.#internal = { service: internal, remember: new Remember(now) };
    this.#external = external && { service: external, remember: new Remember(now) };
    this.#forceUsers = forceUsers;
  }

  /** The one that decides about this user; never the other one when it refuses. */
  of(user: string): Backend {
    return this.#external && !this.#forceUsers.has(user) ? this.#external : this.#internal;
  }

  /** Calls `listener` with users who changed in the service that decides about them. */
  onChange(listener: UsersListener): Unsubscribe {
    const ends = this.#all().map((backend) =>
      backend.service.onChange?.((users) => {
        const theirs = new Set([...users].filter((user) => this.of(user) === backend));
        if (theirs.size > 0) listener(theirs);
      }),
    );
    return () => {
      for (const end of ends) end?.();
    };
  }

  /** Looks for changes now. */
  async refresh(): Promise<void> {
    // Trouble is in the log already; sessions stay until it can be told.
    await Promise.allSettled(this.#all().map(({ service }) => service.version()));
  }

  /** Ends attempts under way. */
  close(): void {
    for (const { service } of this.#all()) service.close?.();
  }

  #all(): readonly Backend[] {
    return this.#external ? [this.#internal, this.#external] : [this.#internal];
  }
}
