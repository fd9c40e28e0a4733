import type { Unsubscribe } from '../../core/state.ts';

/** Told with the users whose password changed or who are no longer there. */
export type UsersListener = (users: ReadonlySet<string>) => void;

/** Somebody who knows passwords. Both calls reject with UnavailableError when it cannot be told. */
export interface AuthService {
  /** Another object as soon as what was right a moment ago may be wrong. */
  version(): Promise<object>;
  /** Whether this is the user's password; the empty one never is. */
  verify(user: string, passwd: string): Promise<boolean>;
  /** Calls `listener` for what a call finds to have changed; left out where that is never known. */
  onChange?(listener: UsersListener): Unsubscribe;
  /** Ends attempts under way. */
  close?(): void;
}
