import { isDeepStrictEqual } from 'node:util';
import { Document, isScalar, stringify, visit } from 'yaml';
import { type Config, configSchema } from './schema.ts';
import { find, type Tree } from './tree.ts';

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

/** What to dump. */
export interface DumpOptions {
  /** Only what is not the default. */
  readonly onlyChanges?: boolean;
  /** Tells behind each value where it was written, if it is no default. */
  readonly origin?: Tree;
}

/** The configuration as YAML that can be read again. */
export function dumpConfig(
  config: Config,
  { onlyChanges = false, origin }: DumpOptions = {},
): string {
  const shown = onlyChanges ? changes(config, configSchema.parse({})) : config;
  return origin ? withOrigins(shown, origin) : stringify(shown);
}

function withOrigins(shown: object, origin: Tree): string {
  const document = new Document(shown);
  visit(document, {
    Pair(_, pair, parents) {
      const keys = [...parents, pair].flatMap((node) =>
        'key' in node && isScalar(node.key) ? String(node.key.value) : [],
      );
      const written = find(origin, keys);
      const { value } = pair;
      if (!written || written.kind === 'map' || typeof value !== 'object' || !value) return;
      const { file, line } = written.at;
      const place = ` ${line > 0 ? `${file}:${line}` : file}`;
      // Behind a value, and before the items of a list.
      if (isScalar(value)) value.comment = place;
      else if ('commentBefore' in value || 'items' in value)
        Object.assign(value, { commentBefore: place });
    },
  });
  return String(document);
}
