/** Bytes or values that no peer of a D-Bus may send; the connection is of no use after that. */
export class DbusFormatError extends Error {
  override readonly name = 'DbusFormatError';
}

const BASIC_CODES = 'ybnqiuxtdhsog';
/** Types that hold no others, as the D-Bus specification names them. */
export type DbusBasicCode =
  | 'y'
  | 'b'
  | 'n'
  | 'q'
  | 'i'
  | 'u'
  | 'x'
  | 't'
  | 'd'
  | 'h'
  | 's'
  | 'o'
  | 'g';

/** One complete type of a signature. */
export type DbusType =
  | { readonly kind: 'basic'; readonly code: DbusBasicCode }
  | { readonly kind: 'variant' }
  | { readonly kind: 'array'; readonly of: DbusType }
  | { readonly kind: 'dict'; readonly key: DbusType; readonly value: DbusType }
  | { readonly kind: 'struct'; readonly fields: readonly DbusType[] };

const MAX_SIGNATURE_LENGTH = 255;
/** Containers within containers; the specification allows 32 arrays and 32 structs. */
const MAX_DEPTH = 32;

/** The complete types of a signature, in order. Throws a DbusFormatError for what is none. */
export function parseDbusSignature(signature: string): readonly DbusType[] {
  if (signature.length > MAX_SIGNATURE_LENGTH)
    throw new DbusFormatError('The signature is too long');
  const parser = new SignatureParser(signature);
  const types: DbusType[] = [];
  while (!parser.isAtEnd) types.push(parser.type(0));
  return types;
}

/** What an address of a value of this type is a multiple of, bytes. */
export function dbusAlignment(type: DbusType): 1 | 2 | 4 | 8 {
  if (type.kind === 'variant') return 1;
  if (type.kind === 'struct') return 8;
  if (type.kind !== 'basic') return 4;
  if ('yg'.includes(type.code)) return 1;
  if ('nq'.includes(type.code)) return 2;
  return 'xtd'.includes(type.code) ? 8 : 4;
}

class SignatureParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  type(depth: number): DbusType {
    if (depth > MAX_DEPTH) throw this.#wrong();
    const code = this.#next();
    if (code === 'v') return { kind: 'variant' };
    if (code === '(') return this.#struct(depth + 1);
    if (code !== 'a') return { kind: 'basic', code: this.#basic(code) };
    if (this.#text[this.#at] !== '{') return { kind: 'array', of: this.type(depth + 1) };
    this.#at += 1;
    const key: DbusType = { kind: 'basic', code: this.#basic(this.#next()) };
    const value = this.type(depth + 1);
    if (this.#next() !== '}') throw this.#wrong();
    return { kind: 'dict', key, value };
  }

  #struct(depth: number): DbusType {
    const fields = [this.type(depth)];
    while (this.#text[this.#at] !== ')') fields.push(this.type(depth));
    this.#at += 1;
    return { kind: 'struct', fields };
  }

  #basic(code: string): DbusBasicCode {
    if (code === '' || !BASIC_CODES.includes(code)) throw this.#wrong();
    return code as DbusBasicCode;
  }

  #next(): string {
    const code = this.#text[this.#at] ?? '';
    this.#at += 1;
    return code;
  }

  #wrong(): DbusFormatError {
    return new DbusFormatError(`${JSON.stringify(this.#text)} is no signature of a D-Bus`);
  }
}
