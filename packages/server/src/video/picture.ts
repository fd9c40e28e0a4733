/** A JPEG file of the screen, shared by all who send it: never written to. */
export interface Picture {
  /** Grows with every picture. */
  readonly seq: number;
  readonly jpeg: Buffer;
  /** px. */
  readonly width: number;
  readonly height: number;
  /** False for the drawn "no signal" picture. */
  readonly online: boolean;
  /** ms on the monotonic clock. */
  readonly grabBeginMs: number;
  readonly grabEndMs: number;
  readonly encodeBeginMs: number;
  readonly encodeEndMs: number;
}
