import type { TableKeyName } from './keys.ts';

/** What is held with a key: 0 nothing, 1 Shift, 2 AltGr, 3 both. */
export type KeymapLevel = 0 | 1 | 2 | 3;

/**
 * A dead key: its key and level, then pairs of the character that is typed after it and what comes
 * out, then what comes out when it is pressed twice.
 */
export type DeadKeyRow = readonly [
  key: TableKeyName,
  level: KeymapLevel,
  pairs: string,
  twice?: string,
];

/** A layout as scripts/keymaps.mjs makes it: one way, the shortest, for each character. */
export interface KeymapTable {
  /** The characters of a key, one for each level; a blank is none. */
  readonly levels: Readonly<Partial<Record<TableKeyName, string>>>;
  readonly dead: readonly DeadKeyRow[];
}
