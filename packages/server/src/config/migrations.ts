import { find, replace, type Tree, treeOf } from './tree.ts';

/** PiKVM's legacy keys that have a successor here. */
const MOVED: readonly (readonly [from: string, to: string, scalarOnly: boolean])[] = [
  ['kvmd.streamer.desired_fps', 'kvmd.streamer.desired_fps.default', true],
  ['kvmd.streamer.max_fps', 'kvmd.streamer.desired_fps.max', false],
  ['kvmd.streamer.resolution', 'kvmd.streamer.resolution.default', true],
  ['kvmd.streamer.available_resolutions', 'kvmd.streamer.resolution.available', false],
  ['otg.msd', 'otg.devices.msd', false],
  ['otg.acm', 'otg.devices.serial', false],
  ['otg.drives', 'otg.devices.drives', false],
];

/** Translates legacy keys; the place where they were written stays with them. */
export function migrate(tree: Tree): Tree {
  return moveWol(
    MOVED.reduce((result, [from, to, scalarOnly]) => {
      const old = find(result, from.split('.'));
      if (!old || (scalarOnly && old.kind !== 'scalar')) return result;
      const without = replace(result, from.split('.'), undefined);
      return replace(without, to.split('.'), old);
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
