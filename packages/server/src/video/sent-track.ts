import type { Buffer } from 'node:buffer';

/** Where a track's packets go. */
export interface TrackPort {
  /** Whether packets can go. */
  readonly isOpen: boolean;
  /** Sends a packet of RTP or RTCP; false when it could not go. */
  send(packet: Buffer): boolean;
}

/** One medium on its way to one viewer. */
export interface SentTrack {
  /** From now on it is sent over the port. Called once. */
  start(port: TrackPort): void;
  /** What the viewer says of it, RTCP. */
  hear(bytes: Buffer): void;
  /** The viewer wants to begin anew. */
  refresh(): void;
  /** It is over, also where it never began. */
  stop(): void;
}
