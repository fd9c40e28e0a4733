import { z } from 'zod';
import { moveAside, readText, writeFileAtomic } from '../platform/files.ts';

/** A stored file is not what it should be. The file was kept aside. */
export class BrokenDocumentError extends Error {
  readonly path: string;

  constructor(path: string, reason: string, cause: unknown) {
    super(
      `${path} is damaged (${reason}). It was kept as ${path}.broken; start again to begin with a new one.`,
      { cause },
    );
    this.name = 'BrokenDocumentError';
    this.path = path;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof z.ZodError
    ? z.prettifyError(error).replaceAll(/\s+/g, ' ')
    : String(error instanceof Error ? error.message : error);
}

/**
 * One JSON file with one schema, read once and written as a whole. Changes are written in order;
 * the value in memory changes only when the file has.
 */
export class Document<T> {
  readonly path: string;
  readonly #schema: z.ZodType<T>;
  readonly #mode: number;
  #value: T;
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(path: string, schema: z.ZodType<T>, mode: number, value: T) {
    this.path = path;
    this.#schema = schema;
    this.#mode = mode;
    this.#value = value;
  }

  /**
   * Reads the file, or begins with `initial` when there is none (nothing is written yet). Throws
   * BrokenDocumentError for a file that is no JSON or does not fit the schema.
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    initial: T,
    { mode = 0o600 }: { readonly mode?: number } = {},
  ): Promise<Document<T>> {
    const text = await readText(path);
    if (text === undefined) return new Document(path, schema, mode, initial);
    try {
      return new Document(path, schema, mode, schema.parse(JSON.parse(text)));
    } catch (error) {
      await moveAside(path, `${path}.broken`);
      throw new BrokenDocumentError(path, reasonOf(error), error);
    }
  }

  /** What the file holds. Treat it as read-only. */
  get value(): T {
    return this.#value;
  }

  /**
   * Replaces the content by what `change` makes of it and resolves when it is safely on disk.
   * Rejects, with nothing changed, when the result does not fit the schema or cannot be written.
   */
  update(change: (value: T) => T): Promise<T> {
    const write = this.#writes.then(async () => {
      const next = this.#schema.parse(change(this.#value));
      await writeFileAtomic(this.path, `${JSON.stringify(next, undefined, 2)}\n`, {
        mode: this.#mode,
      });
      this.#value = next;
      return next;
    });
    this.#writes = write.catch(() => undefined);
    return write;
  }
}
