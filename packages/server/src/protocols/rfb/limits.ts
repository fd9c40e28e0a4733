/** What a server may claim; more is an RfbError. Sizes in px and bytes. */
export const RFB_LIMITS = {
  width: 8192,
  height: 8192,
  /** An 8K screen; one framebuffer is at most 4 bytes for each. */
  pixels: 8192 * 4320,
  nameBytes: 65_536,
  reasonBytes: 65_536,
  cutTextBytes: 16 * 1024 * 1024,
  /** Of one message: more than a second of sound. */
  audioBytes: 1024 * 1024,
  /** Side of a pointer's picture. */
  cursor: 1024,
  /** Compressed bytes that are inflated at once: they become 1032 times as many at most. */
  inflatePieceBytes: 16_384,
} as const;

/** Why a connection is of no use: the server broke the protocol, refused us, or wants what we lack. */
export type RfbErrorKind = 'protocol' | 'refused' | 'unsupported';

/** The server broke the protocol or refused us; the connection is of no use any more. */
export class RfbError extends Error {
  override readonly name = 'RfbError';
  /** Whether trying again soon may help: never soon after a refusal. */
  readonly kind: RfbErrorKind;

  constructor(message: string, kind: RfbErrorKind = 'protocol', options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
