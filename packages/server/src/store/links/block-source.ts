/** What was told of a source when it was linked, and must stay so; texts are empty where it is not. */
export interface SourceFacts {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly lastModified: string;
}

/** Bytes elsewhere, of which parts are read. */
export interface BlockSource {
  readonly facts: SourceFacts;
  /** What it is called there; unchecked, may be empty. */
  readonly fileName: string;
  /**
   * Exactly these bytes, which lie within. Rejects with SourceChangedError, SourceRefusedError,
   * else with why it may be tried again, or the reason of the signal.
   */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Lets go of it; what is being read ends. */
  close(): void;
}

/** Another image is in its place: nothing of it may be mixed with what was read before. */
export class SourceChangedError extends Error {}

/** The source is there and refuses: waiting does not help. */
export class SourceRefusedError extends Error {}
