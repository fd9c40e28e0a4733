import { find, replace, type Tree } from './tree.ts';

/** PiKVM's legacy keys that have a successor here, within a machine's section. */
const MOVED: readonly (readonly [from: string, to: string, scalarOnly: boolean])[] = [
  ['desired_fps', 'desired_fps.default', true],
  ['max_fps', 'desired_fps.max', false],
  ['resolution', 'resolution.default', true],
  ['available_resolutions', 'resolution.available', false],
];

/** Translates legacy keys; the place where they were written stays with them. */
export function migrate(tree: Tree): Tree {
  return MOVED.reduce((result, [from, to, scalarOnly]) => {
    const old = find(result, ['kvmd', 'streamer', from]);
    if (!old || (scalarOnly && old.kind !== 'scalar')) return result;
    const without = replace(result, ['kvmd', 'streamer', from], undefined);
    return replace(without, ['kvmd', 'streamer', ...to.split('.')], old);
  }, tree);
}
