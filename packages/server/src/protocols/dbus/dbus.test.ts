import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DbusMessage, DbusMessageReader, encodeDbusMessage } from './message.ts';
import { DbusFormatError, parseDbusSignature } from './signature.ts';
import { DbusBytes, type DbusValue, DbusWriter, dbusVariant } from './values.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const read = (bytes: Uint8Array) => new DbusMessageReader().push(bytes);

const DAEMON = 'org.freedesktop.DBus';
const HELLO: DbusMessage = {
  ...{ kind: 'call', serial: 1, isOneWay: false, path: '/org/freedesktop/DBus', interface: DAEMON },
  ...{ member: 'Hello', destination: DAEMON, signature: '', body: [] },
};
/** What libdbus sends first (D-Bus specification, "Message Format"). */
const HELLO_BYTES = bytesOf(`
  6c010001 00000000 01000000 6d000000
  01016f00 15000000 2f6f72672f667265656465736b746f702f44427573 000000
  02017300 14000000 6f72672e667265656465736b746f702e44427573 00000000
  03017300 05000000 48656c6c6f 000000
  06017300 14000000 6f72672e667265656465736b746f702e44427573 00000000`);
/** A signal of a big-endian sender: NameAcquired ":1.1". */
const BIG_BYTES = bytesOf(`
  42040101 00000009 00000002 00000037
  01016f00 00000002 2f61 00 0000000000
  02017300 00000003 612e62 00 00000000
  03017300 00000001 53 00 000000000000
  08016700 017300 00
  00000004 3a312e31 00`);

describe('a message', () => {
  it('has the bytes that others send', () => {
    expect(hex(encodeDbusMessage(HELLO))).toBe(hex(HELLO_BYTES));
    expect(read(HELLO_BYTES)).toEqual([HELLO]);
  });

  it('is read in the byte order of its sender', () => {
    expect(read(BIG_BYTES)).toEqual([
      {
        ...{ kind: 'signal', serial: 2, isOneWay: true, path: '/a', interface: 'a.b' },
        ...{ member: 'S', signature: 's', body: [':1.1'] },
      },
    ]);
  });

  it('is found in a stream that comes byte by byte', () => {
    const reader = new DbusMessageReader();
    const stream = [...HELLO_BYTES, ...BIG_BYTES, ...HELLO_BYTES];
    const messages = stream.flatMap((byte) => reader.push(Uint8Array.of(byte)));
    expect(messages.map(({ member }) => member)).toEqual(['Hello', 'S', 'Hello']);
  });

  it.each([
    ['of no byte order', '58'.padEnd(32, '0')],
    ['of another version', `6c010002${'00000000'.repeat(3)}`],
    ['that is too long', '6c01000100ffffff0100000000000000'],
    ['whose body is longer than its signature', '6c0100010400000001000000 00000000 00000000'],
    ['whose fields end within a value', '6c010001000000000100000003000000 01016f0000000000'],
    ['whose path is a number', '6c010001000000000100000008000000 0101750001000000'],
  ])('%s is refused', (_, text) => {
    expect(() => read(bytesOf(text))).toThrow(DbusFormatError);
  });

  it('of a kind that nobody knows is left out', () => {
    expect(read(bytesOf('6c09000100000000 0100000000000000'))).toEqual([]);
  });

  it('of any bytes is nothing but an error of ours', () => {
    const head = fc.constantFrom('6c010001', '42030001', '6c040101', '');
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 96 }), (start, rest) => {
        const bytes = Uint8Array.from([...bytesOf(start), ...rest]);
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DbusFormatError);
        }
      }),
    );
  });
});

describe('values', () => {
  const back = (signature: string, value: DbusValue) =>
    new DbusBytes(new DbusWriter().values(signature, [value]).bytes, true).values(signature)[0];
  const short = fc.string().map((text) => text.replaceAll('\0', ''));

  it.each<[string, string, DbusValue]>([
    ['y', '2a', 42],
    ['b', '01000000', true],
    ['n', 'feff', -2],
    ['q', 'feff', 65_534],
    ['i', 'feffffff', -2],
    ['u', 'feffffff', 4_294_967_294],
    ['x', 'feffffffffffffff', -2n],
    ['t', 'feffffffffffffff', 18_446_744_073_709_551_614n],
    ['d', '000000000000f03f', 1],
    ['s', '02000000c3bc00', 'ü'],
    ['g', '02617300', 'as'],
    ['ay', '020000000102', Uint8Array.of(1, 2)],
    ['as', '0e000000 010000006100 0000 010000006200', ['a', 'b']],
    ['(yu)', '0100000002000000', [1, 2]],
    ['v', '017500002a000000', dbusVariant('u', 42)],
    [
      'a{sv}',
      '10000000 00000000 010000006100 016200 000000 01000000',
      new Map<DbusValue, DbusValue>([['a', dbusVariant('b', true)]]),
    ],
    ['ax', '0000000000000000', []],
  ])('%s is %s', (signature, text, value) => {
    const { bytes } = new DbusWriter().values(signature, [value]);
    expect(hex(bytes)).toBe(hex(bytesOf(text)));
    expect(back(signature, value)).toEqual(value);
  });

  it('come back as they went', () => {
    const variant = fc.oneof(
      short.map((text) => dbusVariant('s', text)),
      fc.boolean().map((value) => dbusVariant('b', value)),
      fc.integer().map((value) => dbusVariant('i', value)),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => dbusVariant('t', value)),
    );
    const entries = fc.dictionary(
      short.filter((key) => key !== '__proto__'),
      variant,
    );
    fc.assert(
      fc.property(entries, fc.uint8Array(), fc.array(fc.tuple(short, fc.double())), (...all) => {
        const [dictionary, bytes, list] = all;
        const values = [new Map(Object.entries(dictionary)), bytes, list];
        const signature = 'a{sv}aya(sd)';
        const written = new DbusWriter().values(signature, values).bytes;
        expect(new DbusBytes(written, true).values(signature)).toEqual(values);
      }),
    );
  });

  it('that are not of their type are refused', () => {
    for (const [signature, value] of [
      ['s', 1],
      ['u', 'a'],
      ['b', 1],
      ['t', 1],
      ['v', 'a'],
      ['as', 'a'],
      ['a{sv}', []],
      ['s', 'a\0b'],
      ['(ss)', ['a']],
    ] as const) {
      const write = () => new DbusWriter().values(signature, [value]);
      expect(write, signature).toThrow(DbusFormatError);
    }
  });
});

describe('a signature', () => {
  it.each([
    'a',
    '(',
    '(s',
    'a{vs}',
    'a{s}',
    'a{sss}',
    'z',
    '()',
    ')',
    'a'.repeat(256),
    'y'.repeat(256),
  ])('%s is none', (signature) => {
    expect(() => parseDbusSignature(signature)).toThrow(DbusFormatError);
  });

  it('may nest no deeper than the specification allows', () => {
    expect(parseDbusSignature(`${'a'.repeat(32)}y`)).toHaveLength(1);
    expect(() => parseDbusSignature(`${'a'.repeat(33)}y`)).toThrow(DbusFormatError);
  });
});
