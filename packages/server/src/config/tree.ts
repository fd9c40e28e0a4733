/** Where a value was written. */
export interface Place {
  /** Path of the file, or `command line`. */
  readonly file: string;
  /** From 1; 0 where there are no lines. */
  readonly line: number;
}

/** A configuration value that knows where it was written. */
export type Tree =
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree>; readonly at: Place }
  | { readonly kind: 'list'; readonly items: readonly Tree[]; readonly at: Place }
  | { readonly kind: 'scalar'; readonly value: unknown; readonly at: Place };

/** Keys from the top, list positions as numbers. */
export type KeyPath = readonly (string | number)[];

/** A value without places, as a tree that was all written at one place. */
export function treeOf(value: unknown, at: Place): Tree {
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item) => treeOf(item, at)), at };
  }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value, at };
  const given = Object.entries(value).filter(([, item]) => item !== undefined);
  return { kind: 'map', entries: new Map(given.map(([k, v]) => [k, treeOf(v, at)])), at };
}

/** The plain value of a tree. */
export function plainOf(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(plainOf);
    case 'map':
      // fromEntries defines keys, so `__proto__` is a key like any other.
      return Object.fromEntries([...tree.entries].map(([key, item]) => [key, plainOf(item)]));
  }
}

/** The node at a path, or the last one on the way to it. */
export function nearest(tree: Tree, path: KeyPath): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  const next =
    tree.kind === 'map'
      ? tree.entries.get(String(key))
      : tree.kind === 'list'
        ? tree.items[Number(key)]
        : undefined;
  return next ? nearest(next, rest) : tree;
}

/** The node at a path of keys; undefined when there is none. */
export function find(tree: Tree, path: readonly string[]): Tree | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  const next = tree.kind === 'map' ? tree.entries.get(key) : undefined;
  return next && find(next, rest);
}

/** A tree in which the node at a path is another, or gone when `node` is undefined. */
export function replace(tree: Tree, path: readonly string[], node: Tree | undefined): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return node ?? tree;
  if (tree.kind !== 'map') return tree;
  const entries = new Map(tree.entries);
  const old = entries.get(key);
  if (rest.length === 0) {
    if (node) entries.set(key, node);
    else entries.delete(key);
  } else if (old || node) {
    const inner = old?.kind === 'map' ? old : { ...EMPTY, at: (node ?? tree).at };
    entries.set(key, replace(inner, rest, node));
  }
  return { ...tree, entries };
}

/** Nothing written anywhere. */
export const EMPTY: Tree & { readonly kind: 'map' } = {
  kind: 'map',
  entries: new Map(),
  at: { file: 'defaults', line: 0 },
};
