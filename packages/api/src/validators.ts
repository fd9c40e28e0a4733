import { ValidatorError } from './errors.ts';

/**
 * Validators with the messages and the order of checks of PiKVM (recorded; CONTRACT.md, HTTP 5).
 * They take raw values from a query string (`string | undefined`) or from a JSON event.
 */
export type Validator<T> = (raw: unknown) => T;

const RAW_LIMIT_SHORT = 16;
const RAW_LIMIT_TEXT = 1024;

const TRUE = ['1', 'true', 'yes'];
const FALSE = ['0', 'false', 'no'];
const BOOL_NAME = "bool (['1', 'true', 'yes'] or ['0', 'false', 'no'])";

/** The text of a raw value, or undefined for a missing one. Objects are never text. */
function textOf(raw: unknown): string | undefined {
  if (raw === undefined || raw === null) return undefined;
  switch (typeof raw) {
    case 'string':
      return raw;
    case 'boolean':
      return raw ? 'True' : 'False';
    case 'number':
    case 'bigint':
      return String(raw);
    default:
      return Array.isArray(raw) ? JSON.stringify(raw) : '{}';
  }
}

function invalid(name: string, value: string | undefined): ValidatorError {
  return new ValidatorError(
    value === undefined
      ? `None argument is not a valid ${name}`
      : `The argument '${value}' is not a valid ${name}`,
  );
}

/** The stripped text of a value that must be there, at most `limit` raw characters. */
function requiredText(raw: unknown, name: string, limit: number): string {
  const text = textOf(raw);
  if (text === undefined) throw invalid(name, undefined);
  if (text.length > limit) throw new ValidatorError('RAW limit exceed');
  return text.trim();
}

/** As `requiredText`, but an empty text counts as missing, as PiKVM has it for bools and numbers. */
function filledText(raw: unknown, name: string, limit: number): string {
  const text = requiredText(raw, name, limit);
  if (text === '') throw invalid(name, undefined);
  return text;
}

/** 1, true, yes or 0, false, no in any case. */
export const bool: Validator<boolean> = (raw) => {
  if (raw === true || raw === false) return raw;
  const text = filledText(raw, BOOL_NAME, RAW_LIMIT_SHORT).toLowerCase();
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw invalid(BOOL_NAME, text);
};

/** Limits of a number, both inclusive; `name` is what the message calls it. */
export interface NumberLimits {
  readonly name?: string;
  readonly min?: number;
  readonly max?: number;
}

// Python's int() as the reference uses it: decimal or 0x hexadecimal, underscores between digits.
const DECIMAL = /^[+-]?\d+(_\d+)*$/;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]+(?:_[0-9a-f]+)*)$/i;
const FLOAT = /^[+-]?(\d+(_\d+)*\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function parseInteger(text: string): number | undefined {
  const hex = HEXADECIMAL.exec(text);
  if (hex?.[2] !== undefined) {
    return (hex[1] === '-' ? -1 : 1) * Number.parseInt(hex[2].replaceAll('_', ''), 16);
  }
  return DECIMAL.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

function checkLimits(value: number, shown: string, name: string, limits: NumberLimits): number {
  if (limits.min !== undefined && value < limits.min) {
    throw new ValidatorError(
      `The argument '${shown}' must be ${name} and greater or equial than ${limits.min}`,
    );
  }
  if (limits.max !== undefined && value > limits.max) {
    throw new ValidatorError(
      `The argument '${shown}' must be ${name} and lesser or equal then ${limits.max}`,
    );
  }
  return value;
}

/** A whole number within `limits`: decimal, or hexadecimal after 0x. */
export function int(limits: NumberLimits = {}): Validator<number> {
  const name = limits.name ?? 'int';
  return (raw) => {
    const text = filledText(raw, name, RAW_LIMIT_SHORT);
    const value = parseInteger(text);
    if (value === undefined) throw invalid(name, text);
    return checkLimits(value, String(value), name, limits);
  };
}

/** A finite decimal number within `limits`. */
export function float(limits: NumberLimits = {}): Validator<number> {
  const name = limits.name ?? 'float';
  return (raw) => {
    const text = filledText(raw, name, RAW_LIMIT_SHORT);
    if (!FLOAT.test(text)) throw invalid(name, text);
    const value = Number(text.replaceAll('_', ''));
    const shown = Number.isInteger(value) ? value.toFixed(1) : String(value);
    return checkLimits(value, shown, name, limits);
  };
}

/** A whole number that is moved into min..max instead of refused, as PiKVM does for the mouse. */
export function clampedInt(name: string, min: number, max: number): Validator<number> {
  const parse = int({ name });
  return (raw) => Math.min(max, Math.max(min, parse(raw)));
}

/** One of `values` in any case (or exactly as written with `exact`), with its declared type. */
export function oneOf<const T extends string>(
  name: string,
  values: readonly T[],
  options: { readonly exact?: boolean } = {},
): Validator<T> {
  const byText = new Map<string, T>(
    values.map((value) => [options.exact ? value : value.toLowerCase(), value]),
  );
  return (raw) => {
    const text = requiredText(raw, name, RAW_LIMIT_SHORT);
    const value = byText.get(options.exact ? text : text.toLowerCase());
    if (value === undefined) throw invalid(name, text);
    return value;
  };
}

/** A stripped text of at most `limit` raw characters that matches `pattern`. */
export function text(
  name: string,
  pattern: RegExp,
  options: {
    readonly limit?: number;
    readonly secret?: boolean;
    readonly strip?: boolean;
    /** An empty text counts as missing. */
    readonly filled?: boolean;
  } = {},
): Validator<string> {
  return (raw) => {
    const limit = options.limit ?? RAW_LIMIT_TEXT;
    const stripped = (options.filled ? filledText : requiredText)(raw, name, limit);
    const value = options.strip === false ? (textOf(raw) ?? '') : stripped;
    if (!pattern.test(value)) {
      if (options.secret) throw new ValidatorError(`The argument is not a valid ${name}`);
      throw invalid(name, value);
    }
    return value;
  };
}

/** Items separated by commas, blanks or tabs; empty ones are dropped; each must pass `item`. */
export function list<T>(
  item: Validator<T>,
  options: { readonly limit?: number } = {},
): Validator<readonly T[]> {
  return (raw) => {
    const items = Array.isArray(raw)
      ? raw
      : requiredText(raw, 'string list', options.limit ?? RAW_LIMIT_TEXT)
          .split(/[,\t ]+/)
          .filter((part) => part !== '');
    try {
      return items.map((part) => item(part));
    } catch (error) {
      if (!(error instanceof ValidatorError)) throw error;
      const shown = items.map((part) => `'${textOf(part)}'`).join(', ');
      throw new ValidatorError(`Failed sub-validator on one of the item of [${shown}]`);
    }
  };
}
