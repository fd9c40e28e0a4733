import { z } from 'zod';

/**
 * Value types of the configuration. Each carries the sentence that an error shows: what is allowed.
 * They read what PiKVM's do: numbers also as text, yes and no for switches, lists also as text.
 */
const YES = ['1', 'true', 'yes'];
const NO = ['0', 'false', 'no'];

/** A switch: true/false, also 1/0 and yes/no in any case. */
export function bool(fallback: boolean) {
  const read = (value: unknown) => {
    const text = String(value).trim().toLowerCase();
    return YES.includes(text) ? true : NO.includes(text) ? false : value;
  };
  return z
    .preprocess(read, z.boolean('must be true or false (or yes, no, 1, 0)'))
    .default(fallback);
}

/** A number that was written as a text. */
export function readNumber(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > 16) return value;
  return /^[-+]?(\d+(\.\d+)?|0x[\da-f]+|0o[0-7]+)$/i.test(value.trim()) ? Number(value) : value;
}

/** A whole number within limits, both included. */
export function integer(min: number, max: number) {
  const error =
    max >= Number.MAX_SAFE_INTEGER
      ? `must be a whole number of at least ${min}`
      : `must be a whole number from ${min} to ${max}`;
  return z.preprocess(readNumber, z.int(error).min(min, error).max(max, error));
}

/** A whole number; one that lies outside the limits is moved to the nearer one. */
export function clamped(min: number, max: number) {
  const read = (value: unknown) => {
    const number = readNumber(value);
    return typeof number === 'number' ? Math.min(max, Math.max(min, number)) : number;
  };
  return z.preprocess(read, z.int(`must be a whole number from ${min} to ${max}`));
}

/** A number of at least `min`, for instance seconds. */
export function atLeast(min: number) {
  const error = `must be a number of at least ${min}`;
  return z.preprocess(readNumber, z.number(error).min(min, error));
}

const SPEEDS = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;
/** A speed that a serial port can have. */
export type Baud = (typeof SPEEDS)[number];

/** The speed of a serial port, baud. */
export function baud(fallback: Baud) {
  const error = `must be one of: ${SPEEDS.join(', ')}`;
  return z.preprocess(readNumber, z.literal(SPEEDS, error)).default(fallback);
}

/** TCP port; 0 lets the system choose. */
export const port = () => integer(0, 65_535);

/** An absolute path. */
export function path() {
  const error = 'must be an absolute path of at most 4096 characters';
  return z.string(error).startsWith('/', error).max(4096, error);
}

/** An absolute path or, empty or null, none. */
export function optionalPath() {
  const error = 'must be an absolute path, or empty for none';
  return z.preprocess(
    (value) => value ?? '',
    z
      .string(error)
      .max(4096, error)
      .regex(/^(\/|$)/, error),
  );
}

/** File mode, written as 0660 or 0o660. */
export function mode() {
  const error = 'must be a file mode such as 0660';
  return z.preprocess(
    (value) =>
      typeof value === 'string' && /^0[0-7]+$/.test(value) ? Number(`0o${value}`) : value,
    z.int(error).min(0, error).max(0o777, error),
  );
}

/** One of some words. */
export function choice<const T extends readonly string[]>(allowed: T) {
  return z.enum(allowed, `must be one of: ${allowed.join(', ')}`);
}

/** One of some words, also as the path of a file of that name, as PiKVM has it for layouts. */
export function fileOf<const T extends string>(allowed: readonly T[]) {
  const read = (value: unknown) =>
    typeof value === 'string' ? value.slice(value.lastIndexOf('/') + 1) : value;
  const words = allowed as readonly [T, ...T[]];
  return z.preprocess(read, z.enum(words, `must be one of: ${allowed.join(', ')}`));
}

/** A list of texts, also one text split at commas and blanks. */
export function words(): z.ZodType<string[]>;
export function words<T extends string>(item: z.ZodType<T>): z.ZodType<T[]>;
export function words(item: z.ZodType<string> = z.string('must be a text')): z.ZodType<string[]> {
  const read = (value: unknown) =>
    typeof value === 'string' ? value.split(/[,\s]+/).filter((word) => word !== '') : value;
  return z.preprocess(read, z.array(item, 'must be a list, or one text split at commas'));
}

const COMMAND_ERROR = 'must be a list of texts that begins with the absolute path of a program';

/** A program by its absolute path with its arguments: a list, or one text split at commas and tabs. */
export function command() {
  const error = COMMAND_ERROR;
  const read = (value: unknown) =>
    typeof value === 'string' ? value.split(/[,\t]+/).map((part) => part.trim()) : value;
  const program = z.string(error).startsWith('/', error).max(4096, error);
  return z.preprocess(read, z.tuple([program], z.string(error).max(4096, error), error));
}

/** A command as above or, empty or null, none. */
export function optionalCommand() {
  const none = (value: unknown) => (value === '' || value === null ? [] : value);
  return z.preprocess(none, z.union([z.tuple([]), command()], COMMAND_ERROR));
}

/** A text. */
export function text(max = 512) {
  const error = `must be a text of at most ${max} characters`;
  return z.string(error).max(max, error);
}

/** A section: its keys and no others; all of it may be left out. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'must be a section with keys of its own' : undefined,
  });
}

/** What a range starts from. */
export interface RangeDefaults {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** The default may be 0 whatever the limits: the thing is off then. */
  readonly zeroIsOff?: boolean;
}

/**
 * A section of `min`, `max` and the `default` between them. A default that is not given moves into
 * the range; one that is given must lie in it.
 */
export function range(number: z.ZodType<number>, defaults: RangeDefaults) {
  const within = section({
    default: number.default(defaults.default),
    min: number.default(defaults.min),
    max: number.default(defaults.max),
  }).check((context) => {
    const { value } = context;
    const fail = (key: 'min' | 'default', message: string) =>
      context.issues.push({ code: 'custom', input: value[key], path: [key], message });
    if (value.min > value.max) fail('min', `must be at most max (${value.max})`);
    else if (defaults.zeroIsOff && value.default === 0) return;
    else if (value.default < value.min || value.default > value.max) {
      fail('default', `must lie between min (${value.min}) and max (${value.max})`);
    }
  });
  return z.preprocess((raw) => withDefault(raw, number, defaults), within);
}

function withDefault(raw: unknown, number: z.ZodType<number>, defaults: RangeDefaults): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || 'default' in raw) return raw;
  const limit = (key: 'min' | 'max') => {
    const given: unknown = (raw as Record<string, unknown>)[key];
    return given === undefined ? defaults[key] : number.safeParse(given).data;
  };
  const min = limit('min');
  const max = limit('max');
  if (min === undefined || max === undefined) return raw;
  return { ...raw, default: Math.min(max, Math.max(min, defaults.default)) };
}
