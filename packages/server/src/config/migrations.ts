import { find, replace, type Tree, treeOf } from './tree.ts';

/** PiKVM's legacy keys that have a successor here, within a machine's section. */
const MOVED: readonly (readonly [from: string, to: string, scalarOnly: boolean])[] = [
  ['desired_fps', 'desired_fps.default', true],
  ['max_fps', 'desired_fps.max', false],
  ['resolution', 'resolution.default', true],
  ['available_resolutions', 'resolution.available', false],
];

/** Translates legacy keys; the place where they were written stays with them. */
export function migrate(tree: Tree): Tree {
  return moveWol(
    MOVED.reduce((result, [from, to, scalarOnly]) => {
      const old = find(result, ['kvmd', 'streamer', from]);
      if (!old || (scalarOnly && old.kind !== 'scalar')) return result;
      const without = replace(result, ['kvmd', 'streamer', from], undefined);
      return replace(without, ['kvmd', 'streamer', ...to.split('.')], old);
    }, tree),
  );
}

/** PiKVM's Wake-on-LAN was a section of its own; now it is a GPIO driver with one output. */
function moveWol(tree: Tree): Tree {
  const wol = find(tree, ['kvmd', 'wol']);
  if (wol?.kind !== 'map') return tree;
  const at = (...path: string[]) => ['kvmd', 'gpio', ...path];
  const entries = new Map(wol.entries).set('type', treeOf('wol', wol.at));
  const channel = { driver: '__wol__', pin: 0, mode: 'output', switch: false };
  const without = replace(tree, ['kvmd', 'wol'], undefined);
  const driven = replace(without, at('drivers', '__wol__'), { ...wol, entries });
  return replace(driven, at('scheme', '__wol__'), treeOf(channel, wol.at));
}
