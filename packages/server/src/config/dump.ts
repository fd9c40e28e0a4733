import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { type Config, configSchema } from './schema.ts';

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function changes(value: Record<string, unknown>, base: Record<string, unknown>): object {
  const changed = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const old = base[key];
    if (isDeepStrictEqual(item, old)) return [];
    return [[key, isSection(item) && isSection(old) ? changes(item, old) : item]];
  });
  return Object.fromEntries(changed);
}

/** The configuration as YAML that can be read again: all of it, or only what is not the default. */
export function dumpConfig(config: Config, onlyChanges = false): string {
  return stringify(onlyChanges ? changes(config, configSchema.parse({})) : config);
}
