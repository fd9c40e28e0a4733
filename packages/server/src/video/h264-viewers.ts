import type { AccessUnit } from '../protocols/flv-avc.ts';

/** A picture as /media/ws sends it, made once for all viewers. */
export interface H264Message {
  readonly key: boolean;
  /** Kind of message "video", 1 for a key frame, then the access unit. */
  readonly prefixed: Buffer;
  /** The access unit alone. */
  readonly bare: Buffer;
}

/** Who gets H.264. */
export interface H264Viewer {
  /** Whether a message can be taken now; who cannot gets nothing up to the next key frame. */
  ready(): boolean;
  send(message: H264Message): void;
}

/** One of the viewers. */
export interface H264Member {
  readonly viewer: H264Viewer;
  /** Nothing is of use to it before a key frame. */
  isWaiting: boolean;
}

/** Before an access unit in /media/ws. */
const VIDEO = Uint8Array.of(1);
const IS_KEY = Uint8Array.of(1);
const IS_NO_KEY = Uint8Array.of(0);
const PREFIX_BYTES = 2;

/** All who get H.264, each from a key frame on. */
export class H264Viewers {
  readonly #members = new Set<H264Member>();

  get size(): number {
    return this.#members.size;
  }

  add(viewer: H264Viewer): H264Member {
    const member = { viewer, isWaiting: true };
    this.#members.add(member);
    return member;
  }

  /** False when it was none of them any more. */
  delete(member: H264Member): boolean {
    return this.#members.delete(member);
  }

  clear(): void {
    this.#members.clear();
  }

  /** Sends a picture to all that it is of use to; true when one is ready and waits for a key frame. */
  deliver({ key, data }: AccessUnit): boolean {
    const prefixed = Buffer.concat([VIDEO, key ? IS_KEY : IS_NO_KEY, data]);
    const message: H264Message = { key, prefixed, bare: prefixed.subarray(PREFIX_BYTES) };
    let isKeyWanted = false;
    for (const member of this.#members) {
      if (!member.viewer.ready()) member.isWaiting = true;
      else if (key || !member.isWaiting) {
        member.isWaiting = false;
        member.viewer.send(message);
      } else isKeyWanted = true;
    }
    return isKeyWanted;
  }
}
