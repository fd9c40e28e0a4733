/**
 * A stream of pictures as µStreamer and its clients know it (multipart/x-mixed-replace, RFC 2046):
 *
 *     --BOUNDARY CRLF  Name: value CRLF ...  CRLF  BYTES CRLF
 *
 * Only parts that tell their Content-Length are read, so a boundary within a picture does no harm.
 */
export interface MjpegPart {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

/** The stream is not what it should be; nothing more can be read of it. */
export class MjpegError extends Error {
  override readonly name = 'MjpegError';
}

/** Headers of one part, bytes. */
const MAX_HEAD_BYTES = 16_384;
/** A picture, bytes. */
const MAX_PART_BYTES = 64 * 1024 * 1024;
const HEAD_END = '\r\n\r\n';

/** Cuts a stream into its parts. */
export class MjpegParser {
  #head = '';
  #headers: ReadonlyMap<string, string> | undefined;
  #data: Uint8Array = new Uint8Array();
  #filled = 0;

  /** Takes the next bytes and gives the parts that they complete. Throws MjpegError. */
  push(bytes: Uint8Array): readonly MjpegPart[] {
    const parts: MjpegPart[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      rest = this.#headers ? this.#fill(rest) : this.#readHead(rest);
      if (this.#headers && this.#filled === this.#data.length) {
        parts.push({ headers: this.#headers, data: this.#data });
        this.#headers = undefined;
      }
    }
    return parts;
  }

  #fill(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, this.#data.length - this.#filled);
    this.#data.set(taken, this.#filled);
    this.#filled += taken.length;
    return bytes.subarray(taken.length);
  }

  #readHead(bytes: Uint8Array): Uint8Array {
    const known = this.#head.length;
    const text = this.#head + latin1(bytes.subarray(0, MAX_HEAD_BYTES + 1));
    // The end of the part before, and an empty line that somebody puts there, are no head.
    const start = /^[\r\n]*/.exec(text)?.[0].length ?? 0;
    const end = text.indexOf(HEAD_END, start);
    if (end < 0) {
      if (text.length > MAX_HEAD_BYTES) throw new MjpegError('The head of a picture is too long');
      this.#head = text;
      return bytes.subarray(bytes.length);
    }
    const [boundary = '', ...lines] = text.slice(start, end).split('\r\n');
    if (!boundary.startsWith('--')) throw new MjpegError('This is no stream of pictures');
    this.#headers = headersIn(lines);
    this.#data = new Uint8Array(lengthIn(this.#headers));
    this.#filled = 0;
    this.#head = '';
    return bytes.subarray(end + HEAD_END.length - known);
  }
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function headersIn(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
}

function lengthIn(headers: ReadonlyMap<string, string>): number {
  const text = headers.get('content-length') ?? '';
  const length = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (length <= MAX_PART_BYTES) return length;
  throw new MjpegError(`A picture has no usable length: ${text || 'none'}`);
}
