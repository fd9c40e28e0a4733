import { randomBytes } from 'node:crypto';
import { KvmError } from '@crashcart/api';
import type { Identity } from '../../auth/auth.ts';
import type { WebRtcViewer } from '../../video/webrtc-viewer.ts';

interface Watching {
  readonly viewer: WebRtcViewer;
  /** Nobody else may end it. */
  readonly user: string;
  readonly token: string | undefined;
}

/** Viewers of one session at a time; one more is refused. */
const MOST_PER_SESSION = 16;
const ID_BYTES = 16;

/** Viewers over WHEP by the names that their Locations have. */
export class WhepViewers {
  readonly #watching = new Map<string, Watching>();

  /** Refuses who has too many. Throws UnavailableError. */
  check(identity: Identity): void {
    const own = [...this.#watching.values()].filter((each) => isOf(each, identity));
    if (own.length < MOST_PER_SESSION) return;
    throw new KvmError('UnavailableError', 'This session has too many viewers over WebRTC');
  }

  /** Keeps a viewer until it or its session ends; gives its name. `release` is called then. */
  add(viewer: WebRtcViewer, identity: Identity, release: () => void): string {
    const id = randomBytes(ID_BYTES).toString('hex');
    const end = () => viewer.close();
    this.#watching.set(id, { viewer, user: identity.user, token: identity.token });
    const forget = () => {
      this.#watching.delete(id);
      identity.ended.removeEventListener('abort', end);
      release();
    };
    viewer.ended.addEventListener('abort', forget, { once: true });
    identity.ended.addEventListener('abort', end, { once: true });
    if (viewer.ended.aborted) forget();
    else if (identity.ended.aborted) end();
    return id;
  }

  /** Ends a viewer of this user's. Throws WebRtcViewerNotFoundError. */
  end(id: string, identity: Identity): void {
    const watching = this.#watching.get(id);
    if (!watching || watching.user !== identity.user) {
      throw new KvmError('WebRtcViewerNotFoundError');
    }
    watching.viewer.close();
  }
}

function isOf({ user, token }: Watching, identity: Identity): boolean {
  return user === identity.user && token === identity.token;
}
