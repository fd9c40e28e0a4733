import { DbusFormatError } from './signature.ts';
import { DbusBytes, type DbusValue, DbusWriter, isDbusVariant } from './values.ts';

/**
 * Messages of a D-Bus (D-Bus specification, "Message Protocol"):
 *
 *     byte  'l' little-endian or 'B' big-endian
 *     byte  kind: 1 call, 2 return, 3 error, 4 signal
 *     byte  flags: 1 no answer is expected
 *     byte  version, 1
 *     u32   length of the body
 *     u32   serial of the sender, never 0
 *     a(yv) fields
 *     zeros up to a multiple of 8, then the body
 */
const KINDS = ['call', 'return', 'error', 'signal'] as const;
const LITTLE = 'l'.charCodeAt(0);
const BIG = 'B'.charCodeAt(0);
const NO_REPLY = 1;
const VERSION = 1;
/** Fixed part and the length of the fields. */
const START_BYTES = 16;
/** The specification has 128 MiB; nothing that we ask for is nearly as long. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Numbers and types of the fields that we know. */
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;
const FIELD_NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** A message. */
export interface DbusMessage {
  readonly kind: (typeof KINDS)[number];
  readonly serial: number;
  /** Whether the sender wants no answer. */
  readonly isOneWay?: boolean;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  /** The serial of the call that is answered. */
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  /** Of the body; empty: there is none. */
  readonly signature: string;
  readonly body: readonly DbusValue[];
}

/** A message as bytes, little-endian. Throws a DbusFormatError for a body that has not its signature. */
export function encodeDbusMessage(message: DbusMessage): Uint8Array {
  const body = new DbusWriter().values(message.signature, message.body).bytes;
  const fields = FIELD_NAMES.flatMap((name): DbusValue[] => {
    const value = message[name];
    const [number, signature] = FIELDS[name];
    return value === undefined || value === '' ? [] : [[number, { signature, value }]];
  });
  const flags = message.isOneWay ? NO_REPLY : 0;
  const kind = KINDS.indexOf(message.kind) + 1;
  const head = [LITTLE, kind, flags, VERSION, body.length, message.serial, fields];
  const start = new DbusWriter().values('yyyyuua(yv)', head).align(8).bytes;
  const bytes = new Uint8Array(start.length + body.length);
  bytes.set(start);
  bytes.set(body, start.length);
  return bytes;
}

/** Finds messages in a stream of bytes. */
export class DbusMessageReader {
  #rest: Uint8Array = new Uint8Array(0);

  /** The messages that are whole now. Throws a DbusFormatError; there is no way to go on after that. */
  push(bytes: Uint8Array): readonly DbusMessage[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const messages: DbusMessage[] = [];
    let at = 0;
    for (;;) {
      const left = all.subarray(at);
      const length = lengthOf(left);
      if (length === undefined || length > left.length) break;
      // A copy: alignment counts from the message's own start.
      const message = decode(left.slice(0, length));
      if (message) messages.push(message);
      at += length;
    }
    this.#rest = all.slice(at);
    return messages;
  }
}

/** Of the message at the start, bytes; undefined while too few are there to tell. */
function lengthOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < START_BYTES) return undefined;
  const order = bytes[0];
  if (order !== LITTLE && order !== BIG) throw new DbusFormatError('A message has no byte order');
  if (bytes[3] !== VERSION) throw new DbusFormatError('A message is of another version');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const head = START_BYTES + view.getUint32(12, order === LITTLE);
  const length = head + (-head & 7) + view.getUint32(4, order === LITTLE);
  if (length > MAX_BYTES) throw new DbusFormatError(`A message has more than ${MAX_BYTES} bytes`);
  return length;
}

/** Undefined for a kind that nobody knows yet, which is to be ignored. */
function decode(bytes: Uint8Array): DbusMessage | undefined {
  const reader = new DbusBytes(bytes, bytes[0] === LITTLE);
  const [, kindNumber, flags, , , serial, list] = reader.values('yyyyuua(yv)');
  const kind = KINDS[Number(kindNumber) - 1];
  const fields = fieldsOf(Array.isArray(list) ? list : []);
  reader.align(8);
  const { signature = '' } = fields;
  const body = reader.values(signature);
  if (reader.at !== bytes.length) throw new DbusFormatError('A body is longer than its signature');
  if (!kind || serial === 0) return undefined;
  const isOneWay = (Number(flags) & NO_REPLY) !== 0;
  return { ...fields, kind, serial: Number(serial), isOneWay, signature, body };
}

function fieldsOf(list: readonly DbusValue[]): Partial<DbusMessage> {
  const found = new Map<string, string | number>();
  for (const field of list) {
    const [number, variant] = Array.isArray(field) ? field : [];
    const name = FIELD_NAMES.find((each) => FIELDS[each][0] === number);
    if (!name || !isDbusVariant(variant)) continue;
    const { signature, value } = variant;
    if (signature !== FIELDS[name][1] || (typeof value !== 'string' && typeof value !== 'number')) {
      throw new DbusFormatError(`The field ${name} of a message is of another type`);
    }
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
