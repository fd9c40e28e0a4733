import type { HidKeymapCharacters } from '@crashcart/api';
import { computed, signal } from '@preact/signals';
import { request } from '../api.ts';
import { keymaps } from '../state/machine.ts';
import { textLayout } from '../state/settings.ts';

/** Names that are no language tags. */
const NAMES: Readonly<Record<string, string>> = {
  bepo: 'French (Bépo)',
  cz: 'Czech',
  'en-us-altgr-intl': 'English (US, international by AltGr)',
  'en-us-colemak': 'English (US, Colemak)',
  'en-us': 'English (US)',
  'en-gb': 'English (UK)',
};

const languages = new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard' });

/** What people call a layout: `German (Switzerland)` for `de-ch`. */
export function layoutName(keymap: string): string {
  const named = NAMES[keymap];
  if (named !== undefined) return named;
  try {
    return languages.of(keymap) ?? keymap;
  } catch {
    // The name of a layout that was added on the server need not be a language.
    return keymap;
  }
}

/** The layouts of the server by their names, those that people choose among. */
export const layouts = computed(() =>
  (keymaps.value?.keymaps.available ?? [])
    .map((keymap) => ({ keymap, name: layoutName(keymap) }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en')),
);

/** The layout that text is typed in: the one chosen in this browser, if the server has it. */
export const layout = computed(() => {
  const { available = [], default: first } = keymaps.value?.keymaps ?? {};
  const chosen = textLayout.value;
  return chosen !== undefined && available.includes(chosen) ? chosen : first;
});

/** What the layouts can type, as far as the server was asked. */
const known = signal<ReadonlyMap<string, HidKeymapCharacters>>(new Map());
const asked = new Map<string, Promise<void>>();

/** What the chosen layout can type; undefined until the server has told. */
export const layoutCharacters = computed(() => known.value.get(layout.value ?? ''));

/** Asks the server once what a layout can type; throws as `request` does, and may be tried again. */
export function loadCharacters(keymap: string): Promise<void> {
  const running = asked.get(keymap);
  if (running !== undefined) return running;
  const asking = fetchCharacters(keymap).catch((error: unknown) => {
    asked.delete(keymap);
    throw error;
  });
  asked.set(keymap, asking);
  return asking;
}

async function fetchCharacters(keymap: string): Promise<void> {
  const response = await request(`api/hid/keymaps/characters?${new URLSearchParams({ keymap })}`);
  const { result } = (await response.json()) as { result: HidKeymapCharacters };
  known.value = new Map([...known.peek(), [keymap, result]]);
}
