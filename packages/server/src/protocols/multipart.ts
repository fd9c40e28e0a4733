/**
 * A multipart/x-mixed-replace body whose parts tell their length, as cameras and µStreamer send it:
 *
 *     --boundary CRLF
 *     Header: value CRLF ... CRLF
 *     <Content-Length bytes> CRLF
 *     --boundary CRLF ...
 */

/** One part. */
export interface MultipartPart {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Nobody else writes to it. */
  readonly body: Buffer;
}

/** How much a part may have, bytes. */
export interface MultipartLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

/** The peer does not send parts, or too large ones. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

const HEAD_END = Buffer.from('\r\n\r\n');
const DEFAULT_LIMITS: MultipartLimits = { maxHeadBytes: 8192, maxBodyBytes: 16 * 1024 * 1024 };

/** Takes a body apart, in whatever pieces it comes. After an error it is of no more use. */
export class MultipartParser {
  readonly #delimiter: string;
  readonly #limits: MultipartLimits;
  #head: Buffer = Buffer.alloc(0);
  #part: { headers: ReadonlyMap<string, string>; body: Buffer; filled: number } | undefined;

  /** `boundary` as in Content-Type, without the dashes. */
  constructor(boundary: string, limits: MultipartLimits = DEFAULT_LIMITS) {
    this.#delimiter = `--${boundary}`;
    this.#limits = limits;
  }

  /** The parts that are complete with these bytes; throws MultipartError. */
  push(chunk: Uint8Array): MultipartPart[] {
    const parts: MultipartPart[] = [];
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (true) {
      if (!this.#part) {
        const taken = this.#takeHead(rest);
        if (!taken) return parts;
        rest = taken;
      }
      const part = this.#part;
      if (!part) continue;
      const copied = rest.copy(part.body, part.filled);
      part.filled += copied;
      rest = rest.subarray(copied);
      if (part.filled < part.body.length) return parts;
      parts.push({ headers: part.headers, body: part.body });
      this.#part = undefined;
    }
  }

  /** What follows the head; undefined while that is not complete. */
  #takeHead(chunk: Buffer): Buffer | undefined {
    const { maxHeadBytes } = this.#limits;
    // What was there is looked at again only as far as the end may lie across both.
    const from = Math.max(0, this.#head.length - HEAD_END.length);
    const had = this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, maxHeadBytes + 1 - had)]);
    const end = this.#head.indexOf(HEAD_END, from);
    if (end < 0) {
      if (this.#head.length > maxHeadBytes) {
        throw new MultipartError(`A part has more than ${maxHeadBytes} bytes of headers`);
      }
      return undefined;
    }
    const headers = this.#parseHead(this.#head.toString('latin1', 0, end));
    this.#head = Buffer.alloc(0);
    this.#part = { headers, body: Buffer.allocUnsafeSlow(this.#lengthOf(headers)), filled: 0 };
    return chunk.subarray(end + HEAD_END.length - had);
  }

  #parseHead(text: string): ReadonlyMap<string, string> {
    const lines = text.split('\r\n');
    // The line break that ends the part before belongs to the delimiter.
    if (lines[0] === '') lines.shift();
    if (lines.shift() !== this.#delimiter) {
      throw new MultipartError(`A part does not begin with ${this.#delimiter}`);
    }
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon < 1) throw new MultipartError('A part has a header without a name');
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    return headers;
  }

  #lengthOf(headers: ReadonlyMap<string, string>): number {
    const { maxBodyBytes } = this.#limits;
    const text = headers.get('content-length') ?? '';
    if (!/^\d{1,15}$/.test(text)) throw new MultipartError('A part does not tell its length');
    const length = Number(text);
    if (length > maxBodyBytes) {
      throw new MultipartError(`A part has ${length} bytes, more than ${maxBodyBytes}`);
    }
    return length;
  }
}
