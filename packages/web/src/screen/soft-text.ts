/** What became of a text field: so many characters were taken from its end, then these came. */
export interface TextChange {
  readonly removed: number;
  readonly added: string;
}

/**
 * What a soft keyboard did. Android tells no keys (`keydown` has code 229) and writes whole words
 * again while they are composed, so what the field held before and after is compared.
 */
export function textChange(before: string, after: string): TextChange {
  const old = [...before];
  const now = [...after];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1;
  return { removed: old.length - same, added: now.slice(same).join('') };
}

/**
 * What the field holds while nothing was typed: Backspace in an empty field tells nothing, so there
 * is always something to take away. Soft keyboards complete no word of underscores.
 */
export const FILLING = '_'.repeat(64);

/** Whether so little filling is left, or so much was typed, that the field is to be filled anew. */
export function isWorn(text: string): boolean {
  return text.length < FILLING.length / 2 || text.length > FILLING.length + 256;
}
