import { DbusFormatError, type DbusType, dbusAlignment, parseDbusSignature } from './signature.ts';

/**
 * Values of a D-Bus by their signature (D-Bus specification, "Marshaling"): numbers are `number`, those
 * of 64 bits `bigint`; texts, paths and signatures `string`; arrays of bytes `Uint8Array`; other arrays
 * and structs arrays; dictionaries a `Map`.
 */
export type DbusValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly DbusValue[]
  | ReadonlyMap<DbusValue, DbusValue>
  | DbusVariant;

/** A value that carries its own type. */
export interface DbusVariant {
  readonly signature: string;
  readonly value: DbusValue;
}

/** The specification's. */
const MAX_ARRAY_BYTES = 64 * 1024 * 1024;
/** Variants within variants. */
const MAX_DEPTH = 64;

/** A variant. */
export function dbusVariant(signature: string, value: DbusValue): DbusVariant {
  return { signature, value };
}

/** Whether this is a variant. */
export function isDbusVariant(value: DbusValue | undefined): value is DbusVariant {
  return typeof value === 'object' && 'signature' in value;
}

/** Values as bytes, little-endian. Throws a DbusFormatError for one that is not of its type. */
export class DbusWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** All values of a signature. */
  values(signature: string, values: readonly DbusValue[]): this {
    this.#each(parseDbusSignature(signature), values);
    return this;
  }

  /** Zeros up to the next multiple. */
  align(multiple: number): this {
    while (this.#bytes.length % multiple !== 0) this.#bytes.push(0);
    return this;
  }

  #each(types: readonly DbusType[], values: readonly DbusValue[]): void {
    if (types.length !== values.length)
      throw new DbusFormatError('The values do not fit their types');
    for (const [index, type] of types.entries()) {
      const value = values[index];
      if (value === undefined) throw new DbusFormatError('A value is missing');
      this.#value(type, value);
    }
  }

  #value(type: DbusType, value: DbusValue): void {
    this.align(dbusAlignment(type));
    if (type.kind === 'basic') this.#basic(type.code, value);
    else if (type.kind === 'variant') this.#variant(value);
    else if (type.kind === 'struct') this.#each(type.fields, listOf(value));
    else if (type.kind === 'array') {
      const items = value instanceof Uint8Array ? [...value] : listOf(value);
      this.#array(dbusAlignment(type.of), () => {
        for (const item of items) this.#value(type.of, item);
      });
    } else {
      if (!(value instanceof Map)) throw mismatch('a dictionary', value);
      this.#array(8, () => {
        for (const entry of value) {
          this.align(8);
          this.#each([type.key, type.value], entry);
        }
      });
    }
  }

  #variant(value: DbusValue): void {
    if (!isDbusVariant(value)) throw mismatch('a variant', value);
    const [type, ...more] = parseDbusSignature(value.signature);
    if (!type || more.length > 0) throw mismatch('one value', value.signature);
    this.#basic('g', value.signature);
    this.#value(type, value.value);
  }

  #array(alignment: number, write: () => void): void {
    const at = this.#bytes.length;
    this.#number(4, (view) => view.setUint32(0, 0, true));
    this.align(alignment);
    const start = this.#bytes.length;
    write();
    const length = this.#bytes.length - start;
    for (const [index, byte] of [0, 8, 16, 24].entries()) {
      this.#bytes[at + index] = (length >>> byte) & 0xff;
    }
  }

  #basic(code: string, value: DbusValue): void {
    if ('sog'.includes(code)) this.#text(code, value);
    else if (code === 'b') {
      if (typeof value !== 'boolean') throw mismatch('a boolean', value);
      this.#number(4, (view) => view.setUint32(0, value ? 1 : 0, true));
    } else if (code === 'x' || code === 't') {
      if (typeof value !== 'bigint') throw mismatch('a bigint', value);
      this.#number(8, (view) => view.setBigInt64(0, value, true));
    } else {
      if (typeof value !== 'number') throw mismatch('a number', value);
      this.#plainNumber(code, value);
    }
  }

  #plainNumber(code: string, value: number): void {
    if (code === 'd') this.#number(8, (view) => view.setFloat64(0, value, true));
    else if (code === 'y') this.#bytes.push(value & 0xff);
    else if (code === 'n' || code === 'q') this.#number(2, (view) => view.setInt16(0, value, true));
    else this.#number(4, (view) => view.setInt32(0, value, true));
  }

  #text(code: string, value: DbusValue): void {
    if (typeof value !== 'string' || value.includes('\0')) throw mismatch('a text', value);
    const bytes = new TextEncoder().encode(value);
    if (code === 'g') this.#bytes.push(bytes.length);
    else this.#number(4, (view) => view.setUint32(0, bytes.length, true));
    for (const byte of bytes) this.#bytes.push(byte);
    this.#bytes.push(0);
  }

  #number(size: number, set: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    this.#bytes.push(...new Uint8Array(view.buffer));
  }
}

function listOf(value: DbusValue): readonly DbusValue[] {
  if (!Array.isArray(value)) throw mismatch('a list', value);
  return value;
}

function mismatch(wanted: string, value: DbusValue): DbusFormatError {
  return new DbusFormatError(`${String(value)} is not ${wanted}`);
}

/** Reads values from a whole message. Throws a DbusFormatError for bytes that are none. */
export class DbusBytes {
  readonly #view: DataView;
  readonly #isLittle: boolean;
  #at: number;

  /** Alignment counts from the start of `bytes`. */
  constructor(bytes: Uint8Array, isLittle: boolean, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = isLittle;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  /** All values of a signature. */
  values(signature: string): readonly DbusValue[] {
    return parseDbusSignature(signature).map((type) => this.#value(type, 0));
  }

  align(multiple: number): void {
    this.#take(-this.#at & (multiple - 1));
  }

  #value(type: DbusType, depth: number): DbusValue {
    if (depth > MAX_DEPTH) throw new DbusFormatError('Values are nested too deeply');
    this.align(dbusAlignment(type));
    switch (type.kind) {
      case 'basic':
        return this.#basic(type.code);
      case 'variant':
        return this.#variant(depth);
      case 'struct':
        return type.fields.map((field) => this.#value(field, depth + 1));
      case 'array':
        return this.#array(type.of, depth);
      case 'dict':
        return new Map(
          this.#items(8, (): [DbusValue, DbusValue] => {
            this.align(8);
            return [this.#value(type.key, depth + 1), this.#value(type.value, depth + 1)];
          }),
        );
    }
  }

  #variant(depth: number): DbusVariant {
    const signature = this.#text(this.#view.getUint8(this.#take(1)));
    const [type, ...more] = parseDbusSignature(signature);
    if (!type || more.length > 0) throw new DbusFormatError('A variant holds one value');
    return { signature, value: this.#value(type, depth + 1) };
  }

  #array(of: DbusType, depth: number): DbusValue {
    if (of.kind !== 'basic' || of.code !== 'y') {
      return this.#items(dbusAlignment(of), () => this.#value(of, depth + 1));
    }
    const length = this.#view.getUint32(this.#take(4), this.#isLittle);
    const start = this.#take(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length).slice();
  }

  #items<T>(alignment: number, read: () => T): T[] {
    const length = this.#view.getUint32(this.#take(4), this.#isLittle);
    if (length > MAX_ARRAY_BYTES) throw new DbusFormatError('An array is too long');
    this.align(alignment);
    const end = this.#at + length;
    if (end > this.#view.byteLength) throw new DbusFormatError('An array ends beyond its message');
    const items: T[] = [];
    while (this.#at < end) items.push(read());
    if (this.#at !== end) throw new DbusFormatError('An array ends within a value');
    return items;
  }

  #basic(code: string): DbusValue {
    const view = this.#view;
    const little = this.#isLittle;
    switch (code) {
      case 'y':
        return view.getUint8(this.#take(1));
      case 'b':
        return view.getUint32(this.#take(4), little) !== 0;
      case 'n':
        return view.getInt16(this.#take(2), little);
      case 'q':
        return view.getUint16(this.#take(2), little);
      case 'i':
        return view.getInt32(this.#take(4), little);
      case 'x':
        return view.getBigInt64(this.#take(8), little);
      case 't':
        return view.getBigUint64(this.#take(8), little);
      case 'd':
        return view.getFloat64(this.#take(8), little);
      case 'g':
        return this.#text(view.getUint8(this.#take(1)));
      case 's':
      case 'o':
        return this.#text(view.getUint32(this.#take(4), little));
      default:
        return view.getUint32(this.#take(4), little);
    }
  }

  #text(length: number): string {
    const start = this.#take(length + 1);
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
    if (this.#view.getUint8(start + length) !== 0) throw new DbusFormatError('A text has no end');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new DbusFormatError('A text is not UTF-8');
    }
  }

  /** Where the next bytes begin, which count as read. */
  #take(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.#view.byteLength)
      throw new DbusFormatError('A message ends too early');
    this.#at = start + bytes;
    return start;
  }
}
