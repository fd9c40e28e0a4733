import { Keymap } from './keymap.ts';
import type { KeymapTable } from './keymap-table.ts';

type Load = () => Promise<{ readonly table: KeymapTable }>;

/** Where the table of each layout is; it is loaded when somebody types in it. */
const TABLES = {
  ar: () => import('./keymaps/ar.ts'),
  bepo: () => import('./keymaps/bepo.ts'),
  cz: () => import('./keymaps/cz.ts'),
  da: () => import('./keymaps/da.ts'),
  de: () => import('./keymaps/de.ts'),
  'de-ch': () => import('./keymaps/de-ch.ts'),
  'en-gb': () => import('./keymaps/en-gb.ts'),
  'en-us': () => import('./keymaps/en-us.ts'),
  'en-us-altgr-intl': () => import('./keymaps/en-us-altgr-intl.ts'),
  'en-us-colemak': () => import('./keymaps/en-us-colemak.ts'),
  es: () => import('./keymaps/es.ts'),
  et: () => import('./keymaps/et.ts'),
  fi: () => import('./keymaps/fi.ts'),
  fo: () => import('./keymaps/fo.ts'),
  fr: () => import('./keymaps/fr.ts'),
  'fr-be': () => import('./keymaps/fr-be.ts'),
  'fr-ca': () => import('./keymaps/fr-ca.ts'),
  'fr-ch': () => import('./keymaps/fr-ch.ts'),
  hr: () => import('./keymaps/hr.ts'),
  hu: () => import('./keymaps/hu.ts'),
  is: () => import('./keymaps/is.ts'),
  it: () => import('./keymaps/it.ts'),
  ja: () => import('./keymaps/ja.ts'),
  lt: () => import('./keymaps/lt.ts'),
  lv: () => import('./keymaps/lv.ts'),
  mk: () => import('./keymaps/mk.ts'),
  nl: () => import('./keymaps/nl.ts'),
  no: () => import('./keymaps/no.ts'),
  pl: () => import('./keymaps/pl.ts'),
  pt: () => import('./keymaps/pt.ts'),
  'pt-br': () => import('./keymaps/pt-br.ts'),
  ru: () => import('./keymaps/ru.ts'),
  sl: () => import('./keymaps/sl.ts'),
  sv: () => import('./keymaps/sv.ts'),
  th: () => import('./keymaps/th.ts'),
  tr: () => import('./keymaps/tr.ts'),
} as const satisfies Readonly<Record<string, Load>>;

/** A layout by PiKVM's name. */
export type KeymapName = keyof typeof TABLES;

/** All layouts by PiKVM's names, in their order. */
export const KEYMAP_NAMES = Object.keys(TABLES) as readonly KeymapName[];

const loaded = new Map<KeymapName, Promise<Keymap>>();

/** Whether there is a layout of this name. */
export function isKeymapName(name: string): name is KeymapName {
  return Object.hasOwn(TABLES, name);
}

/** The layout of this name, read once. */
export function loadKeymap(name: KeymapName): Promise<Keymap> {
  let keymap = loaded.get(name);
  if (keymap === undefined) {
    keymap = readKeymap(name);
    loaded.set(name, keymap);
  }
  return keymap;
}

async function readKeymap(name: KeymapName): Promise<Keymap> {
  const [{ table }, us] = await Promise.all([TABLES[name](), TABLES['en-us']()]);
  return new Keymap(name, table, us.table);
}
