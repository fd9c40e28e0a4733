import { Buffer } from 'node:buffer';

const MAX_VIEWS = 64;
const NON_ASCII = /[\u007f-\uffff]/g;

/** A part of a text in ASCII; a long one that stays is kept as bytes, which are copied fast. */
type Piece = string | Buffer;
const LONG = 4096;

/** Texts of frozen objects, which can never change: lists have thousands of them. */
const frozenLines = new WeakMap<object, string>();
const frozenBlocks = new WeakMap<object, { readonly indent: string; readonly piece: Piece }>();

/** JSON as PiKVM prints it: 4 spaces, keys sorted, everything but printable ASCII escaped. */
export function prettyJson(value: unknown): Buffer {
  const pieces: Piece[] = [];
  pretty(value, '\n', pieces);
  return bytesOf(pieces);
}

/** JSON of one line as PiKVM's WebSocket and NDJSON have it: `", "` and `": "`, keys as they are. */
export function lineJson(value: unknown): string {
  return spaced(value);
}

/** The envelope `{ok: true, result}`, encoded. */
export function encodeResult(result: unknown): Buffer {
  return prettyJson({ ok: true, result });
}

/** The envelope of an error, encoded. */
export function encodeError(name: string, message: string): Buffer {
  return prettyJson({ ok: false, result: { error: name, error_msg: message } });
}

/** `{ok: true, result: {}}`: most answers, encoded once. */
export const EMPTY_RESULT = encodeResult({});

/**
 * Encodes each state once: a cell's value is replaced, never changed, so its identity stands for
 * its content. `project` makes the result from the state.
 */
export class EncodedStates {
  readonly #bytes = new WeakMap<object, Map<string, Buffer>>();

  /** The encoded envelope of `project()` for this state and kind of view. */
  of(state: object, view: string, project: () => unknown): Buffer {
    let views = this.#bytes.get(state);
    if (views === undefined) {
      views = new Map();
      this.#bytes.set(state, views);
    }
    let bytes = views.get(view);
    if (bytes === undefined) {
      bytes = encodeResult(project());
      // Views come from requests: a client must not be able to fill the memory with them.
      if (views.size >= MAX_VIEWS) views.clear();
      views.set(view, bytes);
    }
    return bytes;
  }
}

/** A value that holds no others. */
function plain(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return typeof value === 'string' ? ascii(text) : text;
}

function ascii(text: string): string {
  // Most texts have none, and looking is cheaper than replacing.
  if (text.search(NON_ASCII) < 0) return text;
  return text.replace(
    NON_ASCII,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value);
  // Of lists of thousands, which come in their order, it is the sorting that would cost.
  return keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)
    ? keys
    : keys.sort();
}

/** `indent` is the line feed with the blanks of the line that this is on. */
function pretty(value: unknown, indent: string, out: Piece[]): void {
  if (value === null || typeof value !== 'object') {
    out.push(plain(value));
    return;
  }
  const known = frozenBlocks.get(value);
  if (known?.indent === indent) {
    out.push(known.piece);
    return;
  }
  const isFrozen = Object.isFrozen(value);
  const own: Piece[] = isFrozen ? [] : out;
  if (Array.isArray(value)) prettyList(value, indent, own);
  else prettyObject(value, indent, own);
  if (!isFrozen) return;
  const bytes = bytesOf(own);
  const piece = bytes.length < LONG ? bytes.toString('latin1') : bytes;
  frozenBlocks.set(value, { indent, piece });
  out.push(piece);
}

function prettyList(values: readonly unknown[], indent: string, out: Piece[]): void {
  const inner = `${indent}    `;
  for (const [index, item] of values.entries()) {
    out.push(`${index === 0 ? '[' : ','}${inner}`);
    pretty(item, inner, out);
  }
  out.push(values.length === 0 ? '[]' : `${indent}]`);
}

function prettyObject(value: object, indent: string, out: Piece[]): void {
  const inner = `${indent}    `;
  let isEmpty = true;
  for (const key of sortedKeys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (item === undefined) continue;
    out.push(`${isEmpty ? '{' : ','}${inner}${plain(key)}: `);
    pretty(item, inner, out);
    isEmpty = false;
  }
  out.push(isEmpty ? '{}' : `${indent}}`);
}

function bytesOf(pieces: readonly Piece[]): Buffer {
  const parts: Buffer[] = [];
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      parts.push(Buffer.from(text, 'latin1'), piece);
      text = '';
    }
  }
  const rest = Buffer.from(text, 'latin1');
  return parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
}

function spaced(value: unknown): string {
  if (value === null || typeof value !== 'object') return plain(value);
  const known = frozenLines.get(value);
  if (known !== undefined) return known;
  const text = Array.isArray(value) ? `[${value.map(spaced).join(', ')}]` : spacedObject(value);
  if (Object.isFrozen(value)) frozenLines.set(value, text);
  return text;
}

function spacedObject(value: object): string {
  const items: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) items.push(`${plain(key)}: ${spaced(item)}`);
  }
  return `{${items.join(', ')}}`;
}
