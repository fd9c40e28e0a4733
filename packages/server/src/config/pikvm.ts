import type { Finding } from './errors.ts';
import { merge } from './merge.ts';
import { isPikvmKey } from './pikvm-keys.ts';
import { reasonFor } from './pikvm-reasons.ts';
import { configSchema } from './schema.ts';
import { EMPTY, find, type KeyPath, nearest, plainOf, replace, type Tree, treeOf } from './tree.ts';

/** A PiKVM configuration in our keys, and what of it could not be taken over. */
export interface Adopted {
  readonly tree: Tree;
  readonly unsupported: readonly Finding[];
}

/** What PiKVM has for each part unless it is told. */
const USUAL = { hid: 'otg', atx: 'gpio', msd: 'otg', streamer: 'ustreamer' } as const;

/** Where PiKVM keeps what is elsewhere here. */
const PLACES: readonly (readonly [path: string, key: readonly string[]])[] = [
  ['/etc/kvmd/totp.secret', ['kvmd', 'auth', 'totp', 'secret', 'file']],
  ['/etc/kvmd/meta.yaml', ['kvmd', 'info', 'meta']],
  ['/usr/share/kvmd/extras', ['kvmd', 'info', 'extras']],
  ['/etc/kvmd/tc358743-edid.hex', ['kvmd', 'streamer', 'edid', 'file']],
  ['/var/lib/kvmd/msd', ['kvmd', 'msd', 'storage', 'dir']],
];
const HTPASSWD = '/etc/kvmd/htpasswd';
const REMOUNT = '/usr/bin/kvmd-helper-otgmsd-remount';

/**
 * Takes over what PiKVM's configuration says, above the preset of its board. Its own defaults count for the hardware, and for files
 * that are there. Keys that mean nothing here are left out and told; values that PiKVM would refuse
 * stay in, so that they are errors.
 */
export async function adoptPikvm(
  tree: Tree,
  preset: Tree,
  isThere: (path: string) => Promise<boolean>,
): Promise<Adopted> {
  const rated = qualityOf(
    [await defaultsBelow(tree, isThere), preset, frontOf(tree)].reduce(merge),
  );
  const known = knownOf(rated.tree);
  const unsupported = [...rated.unsupported, ...known.unsupported].sort(byPlace);
  return { tree: known.tree, unsupported };
}

function byPlace({ at: first }: Finding, { at: second }: Finding): number {
  return first.file.localeCompare(second.file) || first.line - second.line;
}

async function defaultsBelow(
  tree: Tree,
  isThere: (path: string) => Promise<boolean>,
): Promise<Tree> {
  const at = { file: "PiKVM's defaults", line: 0 };
  const put = (path: readonly string[], value: unknown) => {
    defaults = replace(defaults, path, treeOf(value, at));
  };
  let defaults: Tree = { ...EMPTY, at };
  for (const [part, type] of Object.entries(USUAL)) put(['kvmd', part, 'type'], type);
  put(['otg', 'user'], 'kvmd');
  put(['otg', 'meta'], '/run/kvmd/otg');
  for (const [path, key] of PLACES) if (await isThere(path)) put(key, path);
  const internal = find(tree, ['kvmd', 'auth', 'internal', 'type']);
  const isHtpasswd = !internal || plainOf(internal) === 'htpasswd';
  if (isHtpasswd && (await isThere(HTPASSWD))) put(['kvmd', 'auth', 'internal', 'file'], HTPASSWD);
  if (await isThere(REMOUNT)) {
    put(['kvmd', 'msd', 'remount_cmd'], ['/usr/bin/sudo', '--non-interactive', REMOUNT, '{mode}']);
  }
  return defaults;
}

/** nginx stands before PiKVM; here the server itself is asked. */
function frontOf(tree: Tree): Tree {
  const isPlain = /^(false|no|0)$/i.test(
    String(plainOf(find(tree, ['nginx', 'https', 'enabled']) ?? EMPTY)),
  );
  const front = isPlain ? 'http' : 'https';
  const moves = [
    [[front, 'ipv4'], 'listen'],
    [[front, 'port'], 'port'],
  ] as const;
  let moved = tree;
  for (const [from, to] of moves) {
    const node = find(moved, ['nginx', ...from]);
    if (node) moved = replace(replace(moved, ['nginx', ...from], undefined), ['server', to], node);
  }
  const enabled = find(tree, ['nginx', 'https', 'enabled']);
  if (enabled) {
    moved = replace(moved, ['nginx', 'https', 'enabled'], undefined);
    moved = replace(moved, ['server', 'tls', 'enabled'], enabled);
  }
  return withoutEmpty(moved, ['nginx']);
}

/** A section that has become empty says nothing any more. */
function withoutEmpty(tree: Tree, path: readonly string[]): Tree {
  const node = find(tree, path);
  if (node?.kind !== 'map') return tree;
  let result = tree;
  for (const key of node.entries.keys()) result = withoutEmpty(result, [...path, key]);
  const left = find(result, path);
  const isEmpty = left?.kind === 'map' && left.entries.size === 0;
  return isEmpty ? replace(result, path, undefined) : result;
}

/** A quality of 0 is not ours: it is left out, and told. */
function qualityOf(tree: Tree): Adopted {
  const unsupported: Finding[] = [];
  let result = tree;
  const quality = ['kvmd', 'streamer', 'quality'];
  const node = find(result, quality);
  // A preset has it for grabbers that give JPEG themselves.
  if (node && node.at.line > 0 && Number(plainOf(node)) === 0) {
    const text = 'is not supported: a picture always has a quality; it is 80';
    unsupported.push({ at: node.at, path: quality, text });
    result = replace(result, quality, undefined);
  }
  return { tree: result, unsupported };
}

/** Without the keys that mean nothing here. */
function knownOf(tree: Tree): Adopted {
  const issues = configSchema.safeParse(plainOf(tree)).error?.issues ?? [];
  const unsupported: Finding[] = [];
  let result = tree;
  for (const issue of issues) {
    const isInList = issue.path.some((key) => typeof key === 'number');
    if (issue.code !== 'unrecognized_keys' || isInList) continue;
    for (const key of issue.keys) {
      const path = [...issue.path, key] as KeyPath;
      const isKnown = isPikvmKey(path);
      for (const leaf of leavesOf(nearest(tree, path), path)) {
        const why = isKnown ? reasonFor(leaf.path) : 'PiKVM does not know it, either';
        unsupported.push({ ...leaf, text: `is not supported: ${why}` });
      }
      result = replace(result, path.map(String), undefined);
    }
  }
  if (unsupported.length === 0) return { tree, unsupported };
  // What is below an error is looked at only when that is gone.
  const rest = knownOf(result);
  return { tree: rest.tree, unsupported: [...unsupported, ...rest.unsupported] };
}

function leavesOf(tree: Tree, path: KeyPath): Omit<Finding, 'text'>[] {
  if (tree.kind !== 'map' || tree.entries.size === 0) return [{ at: tree.at, path }];
  return [...tree.entries].flatMap(([key, node]) => leavesOf(node, [...path, key]));
}
