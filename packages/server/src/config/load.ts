import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { pikvmPlatformName } from '../core/platform-file.ts';
import { ConfigError, type Finding } from './errors.ts';
import { merge } from './merge.ts';
import { migrate } from './migrations.ts';
import { type Adopted, adoptPikvm } from './pikvm.ts';
import { isPikvmKey } from './pikvm-keys.ts';
import { platformLayer } from './platforms/platforms.ts';
import { type Config, configSchema } from './schema.ts';
import { EMPTY, find, type KeyPath, nearest, plainOf, replace, type Tree, treeOf } from './tree.ts';

/** How files are read; `platform/files` fits. */
export interface ConfigFiles {
  readText(path: string): Promise<string | undefined>;
  /** Names in a directory, in plain order; undefined when there is none. */
  listFiles(path: string): Promise<string[] | undefined>;
}

/** Where a configuration comes from. */
export interface ConfigSources {
  /** This one file, which must exist; the directory is not read then. */
  readonly file?: string;
  /** Holds main.yaml, override.d/ and override.yaml, each of which may be missing. */
  readonly dir?: string;
  /** Values of the command line; the last word. */
  readonly flags?: object;
  /** PiKVM's override.yaml, which must exist: it is read before all others, as PiKVM reads it. */
  readonly pikvm?: string;
}

/** A complete configuration and what of its files is ignored. */
export interface LoadedConfig {
  readonly config: Config;
  /** What was written and preset, with the places. */
  readonly tree: Tree;
  readonly warnings: readonly Finding[];
  /** What PiKVM's files ask for and we do not have; none without such files. */
  readonly unsupported: readonly Finding[];
}

const MAX_INCLUDES = 16;

async function readTree(path: string, files: ConfigFiles, depth = 0): Promise<Tree | undefined> {
  const fail = (text: string) => new ConfigError([{ at: { file: path, line: 0 }, path: [], text }]);
  if (depth > MAX_INCLUDES) throw fail(`!include goes deeper than ${MAX_INCLUDES} files`);
  const text = await files.readText(path).catch((error: unknown) => {
    throw fail(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (text === undefined) return undefined;
  // Without a file there is no need for a parser, and the start is faster.
  const { parseYaml } = await import('./parse.ts');
  return parseYaml(path, text, async (name) => {
    const target = resolve(dirname(path), name);
    const names = await files.listFiles(target);
    const paths = names ? names.map((each) => join(target, each)) : [target];
    let tree: Tree = EMPTY;
    for (const each of paths) {
      const part = await readTree(each, files, depth + 1);
      if (!part) throw fail(`!include ${name}: there is no ${each}`);
      tree = merge(tree, part);
    }
    return tree;
  });
}

/** The file, and what PiKVM reads before it: auth.yaml and override.d/ beside it. */
async function readPikvm(path: string, files: ConfigFiles): Promise<Tree> {
  const dir = dirname(path);
  const auth = await readTree(join(dir, 'auth.yaml'), files);
  let tree: Tree = auth ? replace(EMPTY, ['kvmd', 'auth'], auth) : EMPTY;
  const parts = (await files.listFiles(join(dir, 'override.d'))) ?? [];
  for (const name of parts) {
    tree = merge(tree, (await readTree(join(dir, 'override.d', name), files)) ?? EMPTY);
  }
  return migrate(merge(tree, await readFile(path, files)));
}

/** PiKVM's file that says which board this is, and the name of its preset. */
const PIKVM_PLATFORM = '/usr/lib/kvmd/platform';

async function pikvmPlatform(files: ConfigFiles): Promise<string> {
  return pikvmPlatformName((await files.readText(PIKVM_PLATFORM).catch(() => undefined)) ?? '');
}

async function readFile(path: string, files: ConfigFiles): Promise<Tree> {
  const tree = await readTree(path, files);
  if (tree) return tree;
  throw new ConfigError([{ at: { file: path, line: 0 }, path: [], text: 'there is no such file' }]);
}

async function readSources(sources: ConfigSources, files: ConfigFiles): Promise<Tree> {
  if (sources.file !== undefined) return migrate(await readFile(sources.file, files));
  const { dir } = sources;
  if (dir === undefined) return EMPTY;
  const parts = (await files.listFiles(join(dir, 'override.d'))) ?? [];
  const names = ['main.yaml', ...parts.map((name) => join('override.d', name)), 'override.yaml'];
  let tree: Tree = EMPTY;
  for (const name of names) {
    const part = await readTree(join(dir, name), files);
    if (part) tree = merge(tree, migrate(part));
  }
  return tree;
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function findingsOf(tree: Tree, issue: z.core.$ZodIssue): (Finding & { unknown: boolean })[] {
  const path = issue.path as KeyPath;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at: nearest(tree, [...path, key]).at,
      path: [...path, key],
      text: 'no such key',
      unknown: true,
    }));
  }
  const node = nearest(tree, path);
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const text = `${describe(inner ? path.at(-1) : plainOf(node))} is not allowed: ${inner ?? issue.message}`;
  return [{ at: node.at, path, text, unknown: false }];
}

/** Checks a tree as a whole; throws ConfigError with everything that is wrong. */
export function checkTree(tree: Tree): Pick<LoadedConfig, 'config' | 'warnings'> {
  // Each schema is used once or twice: to compile code for it takes longer than to do without.
  const first = configSchema.safeParse(plainOf(tree), { jitless: true });
  if (first.success) return { config: first.data, warnings: [] };
  const findings = first.error.issues.flatMap((issue) => findingsOf(tree, issue));
  const ignored = findings.filter(({ unknown, path }) => unknown && isPikvmKey(path));
  if (ignored.length === 0) throw new ConfigError(findings);
  const rest = ignored.reduce((left, { path }) => replace(left, path.map(String), undefined), tree);
  const { config, warnings } = checkTree(rest);
  return {
    config,
    warnings: [
      ...ignored.map(({ at, path }) => ({ at, path, text: 'is ignored: not supported here' })),
      ...warnings,
    ],
  };
}

/** Reads and checks a configuration; without sources it is all defaults. */
export async function loadConfig(
  sources: ConfigSources,
  files: ConfigFiles,
): Promise<LoadedConfig> {
  const flags = treeOf(sources.flags ?? {}, { file: 'command line', line: 0 });
  const pikvm = sources.pikvm === undefined ? undefined : await readPikvm(sources.pikvm, files);
  const own = merge(await readSources(sources, files), flags);
  const above = merge(pikvm ?? EMPTY, own);
  const named = find(above, ['platform']);
  const name = named ? plainOf(named) : pikvm && (await pikvmPlatform(files));
  const preset = platformLayer(name, above);
  const { tree, unsupported }: Adopted = pikvm
    ? await adoptPikvm(pikvm, preset, (place) => isThere(place, files))
    : { tree: preset, unsupported: [] };
  const all = merge(tree, own);
  return { ...checkTree(all), tree: all, unsupported };
}

async function isThere(path: string, files: ConfigFiles): Promise<boolean> {
  const text = files.readText(path).catch(() => '');
  return (await text) !== undefined || (await files.listFiles(path)) !== undefined;
}
