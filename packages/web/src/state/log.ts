/** So many lines are kept, the newest. */
export const LOG_LINES = 1_000;

/** Cuts a text that comes in pieces into lines and keeps the last ones. */
export class LogLines {
  #lines: readonly string[] = [];
  #rest = '';

  /** The kept lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Takes a piece; a line counts once its end has come. */
  add(piece: string): void {
    const lines = (this.#rest + piece).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    const whole = lines.filter((line) => line !== '');
    if (whole.length > 0) this.#lines = [...this.#lines, ...whole].slice(-LOG_LINES);
  }
}

/** The lines that hold all words of the search, in any case. */
export function matching(lines: readonly string[], search: string): readonly string[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const text = line.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
