/** So many lines are kept, the newest. */
export const LOG_LINES = 10_000;

/** How grave a line is, from the least. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of the log. */
export interface LogLine {
  /** Counts up; also of lines that are no longer kept. */
  readonly id: number;
  /** `YYYY-MM-DD` in the server's time zone; '' where the line has none. */
  readonly day: string;
  /** `HH:MM:SS` */
  readonly time: string;
  readonly level: LogLevel;
  readonly text: string;
  /** What is searched: the text in lower case. */
  readonly searched: string;
}

const LINE = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) [^\]]*\] --- (.*)$/s;
const LEVEL = /^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL): /;
const LEVEL_OF: Readonly<Record<string, LogLevel>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
};

/** Cuts a text that comes in pieces into lines and keeps the last ones. */
export class LogLines {
  #kept: LogLine[] = [];
  #rest = '';
  #nextId = 0;
  #level: LogLevel = 'info';

  /** A copy of the kept lines, oldest first. */
  get lines(): readonly LogLine[] {
    return this.#kept.slice(-LOG_LINES);
  }

  /** Takes a piece; a line counts once its end has come. */
  add(piece: string): void {
    const lines = (this.#rest + piece).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.#kept.push(this.#parse(line));
    // Now and then, as each cut copies all.
    if (this.#kept.length > 2 * LOG_LINES) this.#kept = this.#kept.slice(-LOG_LINES);
  }

  #parse(line: string): LogLine {
    const [, day = '', time = '', message = line] = LINE.exec(line) ?? [];
    const name = LEVEL.exec(message)?.[1];
    // What has no level goes on with the line before: the stack of an error.
    if (name !== undefined) this.#level = LEVEL_OF[name] ?? 'info';
    const text = name === undefined ? message : message.slice(name.length + 2);
    this.#nextId += 1;
    return {
      ...{ id: this.#nextId, day, time, level: this.#level, text },
      searched: `${time} ${text}`.toLowerCase(),
    };
  }
}

/** The words of a search. */
export function searchWords(search: string): readonly string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The lines that are at least so grave and hold all words. */
export function matching(
  lines: readonly LogLine[],
  words: readonly string[],
  least: LogLevel,
): readonly LogLine[] {
  const grave = LOG_LEVELS.slice(LOG_LEVELS.indexOf(least));
  if (words.length === 0 && grave.length === LOG_LEVELS.length) return lines;
  return lines.filter(
    ({ level, searched }) =>
      grave.includes(level) && words.every((word) => searched.includes(word)),
  );
}

/** A text cut where words are found; every second part is a find. */
export function markedParts(text: string, words: readonly string[]): readonly string[] {
  if (words.length === 0) return [text];
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return text.split(new RegExp(`(${escaped.join('|')})`, 'gi'));
}
