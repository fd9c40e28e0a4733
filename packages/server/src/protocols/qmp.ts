/**
 * QEMU Machine Protocol (docs/interop/qmp-spec.rst of QEMU): one JSON object per line.
 *
 *     server  {"QMP": {"version": ..., "capabilities": [...]}}          greeting
 *     client  {"execute": NAME, "arguments": {...}, "id": N}             command
 *     server  {"return": ..., "id": N}                                   its answer,
 *     server  {"error": {"class": ..., "desc": ...}, "id": N}            or this one
 *     server  {"event": NAME, "data": {...}, "timestamp": {...}}         at any time
 */

/** Longest line that is accepted, bytes; QEMU's longest answer is well under a tenth of it. */
export const QMP_MAX_LINE = 8 << 20;

/** What the server says. */
export type QmpMessage =
  | { readonly type: 'greeting'; readonly version: string }
  | { readonly type: 'return'; readonly id: number | undefined; readonly value: unknown }
  | {
      readonly type: 'error';
      readonly id: number | undefined;
      readonly errorClass: string;
      readonly description: string;
    }
  | { readonly type: 'event'; readonly event: QmpEvent };

/** Something happened in the machine. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The peer does not speak QMP. */
export class QmpProtocolError extends Error {
  override readonly name = 'QmpProtocolError';
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function versionText(greeting: unknown): string {
  const version = isObject(greeting) && isObject(greeting.version) ? greeting.version.qemu : null;
  if (!isObject(version)) return 'unknown';
  return [version.major, version.minor, version.micro].join('.');
}

function toMessage(value: unknown): QmpMessage {
  if (!isObject(value)) throw new QmpProtocolError('A QMP message is not an object');
  const id = typeof value.id === 'number' ? value.id : undefined;
  if ('QMP' in value) return { type: 'greeting', version: versionText(value.QMP) };
  if ('return' in value) return { type: 'return', id, value: value.return };
  if (isObject(value.error)) {
    const { class: errorClass, desc } = value.error;
    return { type: 'error', id, errorClass: String(errorClass), description: String(desc) };
  }
  if (typeof value.event === 'string') {
    const data = isObject(value.data) ? value.data : {};
    return { type: 'event', event: { name: value.event, data } };
  }
  throw new QmpProtocolError('A QMP message is of no known kind');
}

function parseLine(line: string): QmpMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new QmpProtocolError('A QMP message is not JSON');
  }
  return toMessage(value);
}

/** One command as a line. */
export function encodeQmpCommand(name: string, args: object | undefined, id: number): string {
  return `${JSON.stringify({ execute: name, arguments: args, id })}\n`;
}

/** Bytes in, messages out; bytes of an unfinished line are kept for the next call. */
export class QmpParser {
  readonly #maxLine: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(maxLine = QMP_MAX_LINE) {
    this.#maxLine = maxLine;
  }

  /** Throws QmpProtocolError for what is not QMP; the parser is of no use then. */
  *push(bytes: Uint8Array): Generator<QmpMessage> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      this.#keep(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const line = Buffer.concat(this.#parts).toString('utf8').trim();
      this.#parts = [];
      this.#size = 0;
      if (line !== '') yield parseLine(line);
    }
    this.#keep(Buffer.from(rest));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxLine) throw new QmpProtocolError('A QMP message is too long');
    if (part.length > 0) this.#parts.push(part);
  }
}
