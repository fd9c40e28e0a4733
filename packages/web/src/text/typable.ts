import type { HidKeymapCharacters } from '@crashcart/api';

/** The most that the server takes, in bytes of UTF-8. */
export const TEXT_LIMIT_BYTES = 1024 * 1024;

/** What becomes of a text when it is typed in a layout; each list has a character once. */
export interface TypedText {
  /** Number of characters that are typed or left out. */
  readonly count: number;
  /** Left out, as the layout cannot type them. */
  readonly skipped: readonly string[];
  /** How often one of those occurs. */
  readonly skippedCount: number;
  /** Typed as a look-alike. */
  readonly replaced: readonly string[];
  /** Latin ones that come out right only while the machine's layout is switched to Latin. */
  readonly byPosition: readonly string[];
}

/** The text as the server counts and types it: composed, one kind of line end. */
export function typedForm(text: string): string {
  return text.normalize('NFC').replaceAll('\r', '');
}

/** How many characters the server counts. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of typedForm(text)) count += 1;
  return count;
}

/** Tells what becomes of the text in a layout. */
export function judgeText(text: string, layout: HidKeymapCharacters): TypedText {
  const uses = new Map<string, number>();
  let count = 0;
  for (const character of typedForm(text)) {
    count += 1;
    uses.set(character, (uses.get(character) ?? 0) + 1);
  }
  const used = [...uses.keys()];
  const within = (characters: string) => {
    const known = new Set(characters);
    return used.filter((character) => known.has(character));
  };
  const known = new Set(layout.characters + layout.replaced + layout.by_position);
  const skipped = used.filter((character) => !known.has(character));
  return {
    count,
    skipped,
    skippedCount: skipped.reduce((sum, character) => sum + (uses.get(character) ?? 0), 0),
    replaced: within(layout.replaced),
    byPosition: within(layout.by_position),
  };
}

/** So many characters are named; the rest is counted. */
const NAMED = 12;

/** Characters for people to read: those that cannot be seen by their code point. */
export function characterWords(characters: readonly string[]): {
  readonly named: readonly string[];
  readonly more: number;
} {
  return {
    named: characters.slice(0, NAMED).map(characterWord),
    more: Math.max(0, characters.length - NAMED),
  };
}

function characterWord(character: string): string {
  if (/[\p{C}\p{Z}]/u.test(character)) {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `U+${code}`;
  }
  // A mark needs something to stand on.
  return /\p{M}/u.test(character) ? `◌${character}` : character;
}
