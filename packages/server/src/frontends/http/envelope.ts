import { Buffer } from 'node:buffer';

const MAX_VIEWS = 64;
const NON_ASCII = /[\u007f-\uffff]/g;

/** JSON as PiKVM prints it: 4 spaces, keys sorted, everything but printable ASCII escaped. */
export function prettyJson(value: unknown): string {
  return escapeNonAscii(JSON.stringify(sorted(value), null, 4));
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

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).sort(byKey)) copy[key] = sorted(item);
  return copy;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const items: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) items.push(`${JSON.stringify(key)}: ${spaced(item)}`);
  }
  return `{${items.join(', ')}}`;
}
