import { driverTypes } from '../../drivers/registry.ts';
import { EMPTY, find, plainOf, replace, type Tree, treeOf } from '../tree.ts';
import { GENERIC_PLATFORMS } from './generic.ts';
import { PIKVM_PLATFORMS } from './pikvm.ts';

const PLATFORMS = { ...PIKVM_PLATFORMS, ...GENERIC_PLATFORMS };

/** What hardware there is, as `platform` of the configuration names it. */
export type PlatformName = keyof typeof PLATFORMS;

/** All of them. */
export const PLATFORM_NAMES = Object.keys(PLATFORMS) as readonly PlatformName[];

const PARTS = ['hid', 'atx', 'msd', 'streamer'] as const;

/**
 * What a platform presets, to lie below all that is written. `above` is that: a part whose type it
 * names itself gets nothing of the platform's other type. A name that nobody knows presets nothing.
 */
export function platformLayer(name: unknown, above: Tree): Tree {
  const known = PLATFORM_NAMES.find((each) => each === name);
  if (known === undefined) return EMPTY;
  const at = { file: `platform ${known}`, line: 0 };
  let layer = treeOf({ platform: known, ...PLATFORMS[known] }, at);
  for (const part of PARTS) {
    const path = ['kvmd', part];
    const preset = find(layer, [...path, 'type']);
    const own = find(above, [...path, 'type']);
    const isOther = preset && own && plainOf(own) !== plainOf(preset);
    const types: readonly unknown[] = driverTypes(part);
    if (isOther) layer = replace(layer, path, undefined);
    // PiKVM's board has a part that we cannot drive.
    else if (preset && !types.includes(plainOf(preset))) {
      layer = replace(layer, path, treeOf({ type: 'disabled' }, at));
    }
  }
  return layer;
}
