import type { KeymapLevel, KeymapTable } from './keymap-table.ts';
import type { TableKeyName } from './keys.ts';

/** A key to press and release, with what is held meanwhile. */
export interface KeyStroke {
  readonly key: TableKeyName;
  readonly shift: boolean;
  readonly altGr: boolean;
}

/** Characters that every layout has by keys of their own. */
const COMMON: readonly (readonly [string, TableKeyName])[] = [
  ['\t', 'Tab'],
  ['\n', 'Enter'],
  [' ', 'Space'],
];

/**
 * What is typed instead of a character that the layout lacks. Word processors and web pages put
 * these into texts that were ASCII. The em dash and the ellipsis are lost, as PiKVM loses them.
 */
const LOOK_ALIKES: readonly (readonly [string, string])[] = [
  ["'", '\u2018\u2019\u201a\u201b'],
  ['"', '\u201c\u201d\u201e\u201f'],
  ['-', '\u2010\u2011\u2012\u2013\u2212'],
  [' ', '\u00a0\u2002\u2003\u2007\u2009\u202f'],
];

/** How each character is typed in one layout. */
export class Keymap {
  readonly name: string;
  /** What is typed exactly, by code point. */
  readonly characters: string;
  /** What is typed as a look-alike. */
  readonly replaced: string;
  /** ASCII that goes by its key on a US keyboard, since the layout has no Latin letters. */
  readonly byPosition: string;
  readonly #strokes: ReadonlyMap<string, readonly KeyStroke[]>;

  /** `us` is the layout of US keyboards. */
  constructor(name: string, table: KeymapTable, us: KeymapTable) {
    const own = readTable(table);
    const position = own.has('a') ? new Map<string, readonly KeyStroke[]>() : readTable(us);
    for (const char of own.keys()) position.delete(char);
    const replaced = new Map<string, readonly KeyStroke[]>();
    for (const [plain, alike] of LOOK_ALIKES) {
      const strokes = own.get(plain) ?? position.get(plain);
      if (!strokes) continue;
      for (const char of alike) if (!own.has(char)) replaced.set(char, strokes);
    }
    this.name = name;
    this.characters = sortedText(own.keys());
    this.replaced = sortedText(replaced.keys());
    this.byPosition = sortedText(position.keys());
    this.#strokes = new Map([...position, ...replaced, ...own]);
  }

  /** The strokes that type this character (a code point of an NFC text), or undefined. */
  strokesFor(char: string): readonly KeyStroke[] | undefined {
    return this.#strokes.get(char);
  }
}

/**
 * A text as it is typed: composed (NFC), at most `limit` characters (0 = all), without CR, since
 * every CR LF is one Enter.
 */
export function typedText(text: string, limit: number): string {
  const composed = text.normalize('NFC');
  return composed.slice(0, endOf(composed, limit)).replaceAll('\r', '');
}

function endOf(text: string, limit: number): number {
  if (limit === 0 || text.length <= limit) return text.length;
  let end = 0;
  for (let count = 0; count < limit && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return end;
}

function readTable(table: KeymapTable): Map<string, readonly KeyStroke[]> {
  const strokes = new Map<string, readonly KeyStroke[]>();
  for (const [char, key] of COMMON) strokes.set(char, [stroke(key, 0)]);
  for (const [key, characters] of Object.entries(table.levels)) {
    for (const [level, char] of [...characters].entries()) {
      if (char !== ' ') strokes.set(char, [stroke(key as TableKeyName, level as KeymapLevel)]);
    }
  }
  for (const [key, level, pairs, twice] of table.dead) {
    const dead = stroke(key, level);
    if (twice !== undefined) strokes.set(twice, [dead, dead]);
    const characters = [...pairs];
    for (let index = 0; index + 1 < characters.length; index += 2) {
      const [second = '', made = ''] = characters.slice(index, index + 2);
      const after = strokes.get(second);
      if (after) strokes.set(made, [dead, ...after]);
    }
  }
  return strokes;
}

function stroke(key: TableKeyName, level: KeymapLevel): KeyStroke {
  return { key, shift: (level & 1) !== 0, altGr: (level & 2) !== 0 };
}

function sortedText(characters: Iterable<string>): string {
  return [...characters].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)).join('');
}
