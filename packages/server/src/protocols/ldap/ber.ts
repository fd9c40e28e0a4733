/**
 * BER as LDAP uses it (RFC 4511 section 5.1): lengths are definite, tags have one octet.
 *
 *      0     1                       1 + l
 *     +-----+-----------------------+-----------------+
 *     | tag | length (l = 1 to 5)   | content         |
 *     +-----+-----------------------+-----------------+
 *     length: below 0x80 itself; 0x81 to 0x84: so many octets of it follow
 */
const LONG_LENGTH = 0x80;
const MAX_LENGTH_OCTETS = 4;
/** Low bits of a tag that goes on in the next octet. */
const LONG_TAG = 0x1f;

/** Universal tags that LDAP uses. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Octets that are no LDAP, or a request that must not be sent. */
export class LdapError extends Error {
  override readonly name = 'LdapError';
}

/** One element of these parts. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOctets(content.length)), content]);
}

/** A text in UTF-8. */
export function octets(text: string, tag: number = Tag.octets): Uint8Array {
  return element(tag, Buffer.from(text));
}

/** A whole number from 0 to 2^31 - 1. */
export function integer(value: number, tag: number = Tag.integer): Uint8Array {
  const all = Buffer.alloc(5);
  all.writeUInt32BE(value, 1);
  let from = 0;
  // The fewest octets whose first bit is no sign.
  while (from < 4 && all[from] === 0 && (all[from + 1] ?? 0) < 0x80) from++;
  return element(tag, all.subarray(from));
}

function lengthOctets(length: number): readonly number[] {
  if (length < LONG_LENGTH) return [length];
  const all: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) all.unshift(rest % 256);
  return [LONG_LENGTH | all.length, ...all];
}

/** The tag, and where the content begins and ends; undefined while octets of the header are missing. */
export function readHeader(
  bytes: Uint8Array,
): { readonly tag: number; readonly from: number; readonly to: number } | undefined {
  const [tag, first] = bytes;
  if (tag === undefined) return undefined;
  if ((tag & LONG_TAG) === LONG_TAG) throw new LdapError('An element has a tag of many octets');
  if (first === undefined) return undefined;
  if (first < LONG_LENGTH) return { tag, from: 2, to: 2 + first };
  const count = first - LONG_LENGTH;
  if (count === 0 || count > MAX_LENGTH_OCTETS) {
    throw new LdapError('The length of an element has a form that LDAP does not use');
  }
  const from = 2 + count;
  if (bytes.length < from) return undefined;
  let length = 0;
  for (const octet of bytes.subarray(2, from)) length = length * 256 + octet;
  return { tag, from, to: from + length };
}

/** Reads elements one after the other; LdapError for what is not as expected. */
export class BerReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#rest.length === 0;
  }

  /** The next element, whatever it is. */
  any(): { readonly tag: number; readonly content: Uint8Array } {
    const header = readHeader(this.#rest);
    if (!header || header.to > this.#rest.length) throw new LdapError('An element is cut off');
    const content = this.#rest.subarray(header.from, header.to);
    this.#rest = this.#rest.subarray(header.to);
    return { tag: header.tag, content };
  }

  /** The content of the next element, which has this tag. */
  expect(tag: number): Uint8Array {
    const next = this.any();
    if (next.tag !== tag) throw new LdapError(`An element is of kind ${next.tag}, not ${tag}`);
    return next.content;
  }

  /** The elements in the next one. */
  inside(tag: number): BerReader {
    return new BerReader(this.expect(tag));
  }

  /** A text; octets that are no UTF-8 become U+FFFD. */
  text(): string {
    return Buffer.from(this.expect(Tag.octets)).toString();
  }

  /** A whole number from 0 to 2^31 - 1. */
  integer(tag: number = Tag.integer): number {
    const content = this.expect(tag);
    const [first] = content;
    if (first === undefined || first >= 0x80 || content.length > 4) {
      throw new LdapError('A number is not from 0 to 2^31 - 1');
    }
    return content.reduce((value, octet) => value * 256 + octet, 0);
  }
}
