import { z } from 'zod';
import { optional, required, withDefault } from './contract.ts';
import * as valid from './validators.ts';

/** Ready-made parameters: a validator with the type of what it gives. */
const bool = z.boolean();

/** A bool that must be there. */
export const requiredBool = (description: string) => required(valid.bool, bool, description);

/** A bool that may be absent and then stays as it is. */
export const optionalBool = (description: string, options: { readonly onlyWith?: string } = {}) =>
  optional(valid.bool, bool, description, options);

/** A bool with a value for when it is absent. */
export const boolOr = (fallback: boolean, description: string) =>
  withDefault(valid.bool, fallback, bool, description);

/** A whole number with a value for when it is absent. */
export const intOr = (fallback: number, limits: valid.NumberLimits, description: string) =>
  withDefault(valid.int(limits), fallback, intType(limits), description);

/** A number that must be there and is one of a range. */
export const requiredClamped = (name: string, min: number, max: number, description: string) =>
  required(valid.clampedInt(name, min, max), z.int(), `${description} (clamped to ${min}..${max})`);

/** One of some words that must be there. */
export const requiredOneOf = <const T extends string>(
  name: string,
  values: readonly T[],
  description: string,
  options: { readonly exact?: boolean } = {},
) => required(valid.oneOf(name, values, options), z.enum(values as [T, ...T[]]), description);

/** One of some words that may be absent. */
export const optionalOneOf = <const T extends string>(
  name: string,
  values: readonly T[],
  description: string,
) => optional(valid.oneOf(name, values), z.enum(values as [T, ...T[]]), description);

function intType(limits: valid.NumberLimits) {
  let type = z.int();
  if (limits.min !== undefined) type = type.min(limits.min);
  if (limits.max !== undefined) type = type.max(limits.max);
  return type;
}
