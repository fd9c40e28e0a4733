/** What is found by a search. */
export interface Findable {
  readonly name: string;
  /** More words by which it is found. */
  readonly words?: string | undefined;
}

/** Something found, and which characters of its name the search met. */
export interface Found<T> {
  readonly item: T;
  /** Indices into the name, ascending. */
  readonly marks: readonly number[];
}

interface Match {
  readonly score: number;
  readonly marks: readonly number[];
}

/**
 * The items that have every word of the search, best first; equals stay in their order. A word is
 * met by the begin of a word, by a part of one in the name, or by its letters in order there.
 */
export function find<T extends Findable>(search: string, items: readonly T[]): readonly Found<T>[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items.map((item) => ({ item, marks: [] }));
  return items
    .flatMap((item) => {
      const match = matchAll(words, item);
      return match === undefined ? [] : [{ item, ...match }];
    })
    .sort((one, other) => other.score - one.score)
    .map(({ item, marks }) => ({ item, marks }));
}

function matchAll(words: readonly string[], { name, words: more = '' }: Findable) {
  const text = name.toLowerCase();
  let score = 0;
  const marks = new Set<number>();
  for (const word of words) {
    const match = matchWord(word, text) ?? matchHidden(word, more.toLowerCase());
    if (match === undefined) return undefined;
    score += match.score;
    for (const mark of match.marks) marks.add(mark);
  }
  // Of two names that match alike the shorter is more likely meant.
  score -= name.length / 100;
  return { score, marks: [...marks].sort((one, other) => one - other) };
}

function matchWord(word: string, text: string): Match | undefined {
  const begin = wordStart(word, text);
  if (begin >= 0) return { score: begin === 0 ? 10 : 8, marks: range(begin, word.length) };
  const part = text.indexOf(word);
  if (part >= 0) return { score: 5, marks: range(part, word.length) };
  return matchLetters(word, text);
}

// Words that are not shown count less, and parts of them would find nearly everything.
function matchHidden(word: string, more: string): Match | undefined {
  return wordStart(word, more) < 0 ? undefined : { score: 4, marks: [] };
}

/** Letters in order; as far as it goes each at the begin of a word, as `cad` in Ctrl+Alt+Del. */
function matchLetters(word: string, text: string): Match | undefined {
  const marks: number[] = [];
  let from = 0;
  let starts = 0;
  for (const letter of word) {
    let at = wordStart(letter, text, from);
    if (at >= 0) starts += 1;
    else at = text.indexOf(letter, from);
    if (at < 0) return undefined;
    marks.push(at);
    from = at + 1;
  }
  return { score: (3 * starts) / word.length, marks };
}

function wordStart(word: string, text: string, from = 0): number {
  for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return at;
  }
  return -1;
}

const range = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);
