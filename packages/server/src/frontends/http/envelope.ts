import { Buffer } from 'node:buffer';

const MAX_VIEWS = 64;
const NON_ASCII = /[\u007f-\uffff]/g;

/** Texts of frozen objects, which can never change: lists have thousands of them. */
const frozenLines = new WeakMap<object, string>();
const frozenBlocks = new WeakMap<object, { readonly indent: string; readonly text: string }>();

/** JSON as PiKVM prints it: 4 spaces, keys sorted, everything but printable ASCII escaped. */
export function prettyJson(value: unknown): string {
  return escapeNonAscii(pretty(value, '\n'));
}

/** JSON of one line as PiKVM's WebSocket and NDJSON have it: `", "` and `": "`, keys as they are. */
export function lineJson(value: unknown): string {
  return escapeNonAscii(spaced(value));
}

/** The envelope `{ok: true, result}`, encoded. */
export function encodeResult(result: unknown): Buffer {
  return Buffer.from(prettyJson({ ok: true, result }));
}

/** The envelope of an error, encoded. */
export function encodeError(name: string, message: string): Buffer {
  return Buffer.from(prettyJson({ ok: false, result: { error: name, error_msg: message } }));
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

function escapeNonAscii(text: string): string {
  return text.replace(
    NON_ASCII,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `indent` is the line feed with the blanks of the line that this is on. */
function pretty(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const known = frozenBlocks.get(value);
  if (known?.indent === indent) return known.text;
  const text = Array.isArray(value) ? prettyList(value, indent) : prettyObject(value, indent);
  if (Object.isFrozen(value)) frozenBlocks.set(value, { indent, text });
  return text;
}

function prettyList(values: readonly unknown[], indent: string): string {
  if (values.length === 0) return '[]';
  const inner = `${indent}    `;
  return `[${inner}${values.map((item) => pretty(item, inner)).join(`,${inner}`)}${indent}]`;
}

function prettyObject(value: object, indent: string): string {
  const inner = `${indent}    `;
  const items: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (item !== undefined) items.push(`${JSON.stringify(key)}: ${pretty(item, inner)}`);
  }
  return items.length === 0 ? '{}' : `{${inner}${items.join(`,${inner}`)}${indent}}`;
}

function spaced(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const known = frozenLines.get(value);
  if (known !== undefined) return known;
  const text = Array.isArray(value) ? `[${value.map(spaced).join(', ')}]` : spacedObject(value);
  if (Object.isFrozen(value)) frozenLines.set(value, text);
  return text;
}

function spacedObject(value: object): string {
  const items: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) items.push(`${JSON.stringify(key)}: ${spaced(item)}`);
  }
  return `{${items.join(', ')}}`;
}
