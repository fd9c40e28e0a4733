import type { Param } from '@crashcart/api';
import fc from 'fast-check';
import { z } from 'zod';

/** What the contract tells of a value, as JSON Schema. */
interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Shape;
}

/** Texts that parameters of these names take; the schema says only that they are texts. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  user: ['admin'],
  passwd: ['admin'],
  redirect: ['', '/', '/KVM'],
  keymap: ['en-us', 'de', 'fr', 'ru'],
  prefix: ['', 'folder', 'a/b', '/x/'],
  image: ['a.img', 'folder/b.iso', 'c.iso', 'ä ö.img', ''],
  id: ['0123456789abcdef', '01234567-89ab-4def-8123-456789abcdef'],
  edid_id: ['default', '01234567-89ab-4def-8123-456789abcdef'],
  name: ['Port 1', 'ä', '日本語'],
  data: ['00FF'.repeat(64), '00ff '.repeat(128)],
  channel: ['relay', 'button', 'lamp', 'nothing'],
  resolution: ['', '640x480'],
  fields: ['', 'system', 'hw,meta', 'health', 'fan'],
  ocr_langs: ['eng', 'eng,deu'],
};
const COLORS = ['default', 'ff0000:80:0100', '00FF00:FF:0000'];
/** Of these the long ones are valid, and a test should not wait for them. */
const TIMES: Readonly<Record<string, number>> = { wait: 3, delay: 0.003 };

/** What breaks programs, wherever it stands. */
const NASTY = [
  ...['', ' ', '\t', '\0', '\r\n', 'null', 'undefined', 'None', 'NaN', '-Infinity', '__proto__'],
  ...['constructor', 'toString', '[object Object]', '{}', '[]', '{"$ne":1}', '../../etc/passwd'],
  ...['..', '.', '.hidden', '/', '\\', '%', '%00', '$(id)', "';--", '<script>', '%s%n'],
  ...['\u202e', '\ufeff', '\ufffd', '\u{1f4a9}', 'İ', 'ß', '１２', '٣', 'x'.repeat(16), '1e400'],
  ...['x'.repeat(17), 'x'.repeat(1024), 'é'.repeat(1025), '0x', '0x1f', '1_0', '+1', '-0', '1e3'],
  ...[
    '9007199254740993',
    '-1',
    '٫5',
    '.5',
    '5.',
    ',',
    ',,,',
    'a,b',
    '[['.repeat(200),
    'lost+found',
  ],
];
/** What surrounds a good value and makes another one of it. */
const TWISTS: readonly ((text: string) => string)[] = [
  (text) => ` ${text} `,
  (text) => `${text}\0`,
  (text) => `${text}\r\n`,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => `${text},${text}`,
  (text) => `,${text},`,
  (text) => text.slice(1),
  (text) => text.slice(0, 100).repeat(20),
  (text) => `+${text}`,
  (text) => `"${text}"`,
  (text) => `../${text}`,
  (text) => `${text}.0`,
];

const nasty = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** Any text, mostly of the kind that breaks programs. */
export const hostileText: fc.Arbitrary<string> = nasty;

/** Values of a parameter: most are good, some nearly, some hostile. `urls` are safe to fetch. */
export function valuesOf(
  name: string,
  param: Param<unknown>,
  urls: readonly string[],
): fc.Arbitrary<string> {
  const good = goodValues(name, shapeOf(param), urls);
  const twisted = fc
    .tuple(good, fc.constantFrom(...TWISTS))
    .map(([text, twist]: [string, (text: string) => string]) => twist(text));
  const all = fc.oneof(
    { weight: 7, arbitrary: good },
    { weight: 1, arbitrary: edgesOf(shapeOf(param)) },
    { weight: 1, arbitrary: twisted },
    { weight: 1, arbitrary: nasty },
  );
  const longest = TIMES[name];
  if (longest === undefined) return all;
  // The whole ones are far outside of their limits: those are refused at once.
  return all.filter((text) => !(Number(text.replaceAll('_', '')) > longest) || Number(text) > 5000);
}

function shapeOf(param: Param<unknown>): Shape {
  return z.toJSONSchema(param.type, { io: 'input', unrepresentable: 'any' }) as Shape;
}

function goodValues(name: string, shape: Shape, urls: readonly string[]): fc.Arbitrary<string> {
  if (name === 'url') return fc.constantFrom(...urls);
  const { minimum: min, maximum: max, items } = shape;
  const longest = TIMES[name];
  if (shape.enum) return fc.constantFrom(...shape.enum);
  switch (shape.type) {
    case 'boolean':
      return fc.constantFrom('1', '0', 'true', 'no');
    case 'integer':
      return fc
        .integer({ min: Math.max(min ?? 0, -40_000), max: longest ?? Math.min(max ?? 5, 40_000) })
        .map(String);
    case 'number':
      return fc
        .integer({ min: 0, max: 20 })
        .map((part) => numberText(part, min ?? 0, longest ?? max ?? 5));
    case 'array':
      return fc.array(goodValues(name, items ?? {}, urls), { maxLength: 4 }).map(String);
    default:
      return fc.constantFrom(...(TEXTS[name] ?? COLORS));
  }
}

function numberText(part: number, min: number, max: number): string {
  return String(Math.round((min + ((max - min) * part) / 20) * 10_000) / 10_000);
}

/** Just within and just outside of the limits. */
function edgesOf({ minimum, maximum }: Shape): fc.Arbitrary<string> {
  const edges = [minimum, maximum].flatMap((edge) =>
    edge === undefined ? [] : [edge - 1, edge, edge + 1],
  );
  return edges.length === 0 ? nasty : fc.constantFrom(...edges.map(String));
}
