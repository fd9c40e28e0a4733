import { type HidKeymapCharacters, ValidatorError } from '@crashcart/api';
import type { Keymap } from '../protocols/keymap.ts';
import { isKeymapName, loadKeymap } from '../protocols/keymaps.ts';

/** A layout by its name. Throws ValidatorError. */
export async function keymapOf(name: string): Promise<Keymap> {
  if (!isKeymapName(name)) {
    throw new ValidatorError(`The argument '${name}' is not a valid keymap`);
  }
  return await loadKeymap(name);
}

/** What a layout can type. Throws ValidatorError. */
export async function keymapCharactersOf(keymap: string): Promise<HidKeymapCharacters> {
  const { name, characters, replaced, byPosition } = await keymapOf(keymap);
  return { keymap: name, characters, replaced, by_position: byPosition };
}
