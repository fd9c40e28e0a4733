import { readFile, stat } from 'node:fs/promises';
import { isSystemError } from './files.ts';

/** A file changed this short a time ago may change again without a new time stamp. */
const FRESH_MS = 100;

/**
 * What a text file means, read anew when the file's time, size or inode says that it changed. A
 * missing file is the text `undefined`; bad UTF-8 is read with replacement characters.
 */
export class CachedFile<T> {
  readonly path: string;
  readonly #parse: (text: string | undefined) => T;
  #stamp: string | undefined;
  #value: T | undefined;
  #text: string | undefined;

  constructor(path: string, parse: (text: string | undefined) => T) {
    this.path = path;
    this.#parse = parse;
  }

  /** The present meaning, the same object while the text is the same; throws when unreadable. */
  async read(): Promise<T> {
    const stamp = await stampOf(this.path);
    if (stamp !== undefined && stamp === this.#stamp) return this.#value as T;
    const text = await textOf(this.path);
    if (this.#value === undefined || text !== this.#text) this.#value = this.#parse(text);
    this.#text = text;
    this.#stamp = stamp;
    return this.#value;
  }
}

/** Undefined when the stamp cannot be trusted yet. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
    const ageMs = Date.now() - Number(ctimeNs / 1_000_000n);
    return ageMs >= 0 && ageMs < FRESH_MS ? undefined : `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
