import type { HidSession } from '../../core/hid.ts';
import type { HidPart } from '../../core/machine.ts';

/**
 * HTTP requests have no connection that could hold keys, so each user has one session per machine:
 * a key that one request pressed is released by a later one.
 */
export class HidSessions {
  readonly #sessions = new Map<HidPart, Map<string, HidSession>>();

  /** The session of this user; made when first asked for. */
  of(hid: HidPart, user: string): HidSession {
    let users = this.#sessions.get(hid);
    if (users === undefined) {
      users = new Map();
      this.#sessions.set(hid, users);
    }
    let session = users.get(user);
    if (session === undefined) {
      session = hid.session(`http ${user}`);
      users.set(user, session);
    }
    return session;
  }

  /** Releases what all of them hold. */
  close(): void {
    for (const users of this.#sessions.values()) {
      for (const session of users.values()) session.close();
    }
    this.#sessions.clear();
  }
}
