import type { Tree } from './tree.ts';

/** PiKVM's merging: sections merge key by key, lists and values are replaced as a whole. */
export function merge(base: Tree, over: Tree): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, node] of over.entries) {
    const old = entries.get(key);
    entries.set(key, old ? merge(old, node) : node);
  }
  return { kind: 'map', entries, at: over.at };
}
