import type { Log } from '../core/log.ts';
import { sleep } from '../core/sleep.ts';
import { type ReadonlyCell, StateCell } from '../core/state.ts';
import { readBytes } from '../platform/files.ts';
import { readEdidFile } from '../protocols/edid-text.ts';

/** How often the file is looked at, ms. */
const LOOK_MS = 2000;
/** An EDID in hexadecimal, with line ends and blanks. */
const MAX_FILE_BYTES = 4096;

/**
 * An EDID in a file that somebody else may replace: text in hexadecimal, or the bytes themselves.
 * Its value is empty while there is none that can be read.
 */
export class EdidFile implements AsyncDisposable {
  readonly #path: string;
  readonly #log: Log;
  readonly #lookMs: number;
  readonly #edid = new StateCell<Uint8Array>(new Uint8Array());
  readonly #controller = new AbortController();
  #following: Promise<void> | undefined;
  #complaint: string | undefined;

  private constructor(path: string, log: Log, lookMs: number) {
    this.#path = path;
    this.#log = log;
    this.#lookMs = lookMs;
  }

  /** Reads the file, and follows its changes until it is closed; '' is no file. */
  static async open(path: string, log: Log, lookMs = LOOK_MS): Promise<EdidFile> {
    const file = new EdidFile(path, log, lookMs);
    if (path === '') return file;
    await file.#read();
    file.#following = file.#follow();
    return file;
  }

  get edid(): ReadonlyCell<Uint8Array> {
    return this.#edid;
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#controller;
    while (!signal.aborted) {
      await sleep(this.#lookMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#read();
    }
  }

  async #read(): Promise<void> {
    try {
      const bytes = await readBytes(this.#path, MAX_FILE_BYTES);
      this.#edid.set(bytes ? readEdidFile(bytes) : new Uint8Array());
      this.#complaint = undefined;
    } catch (error) {
      // What was read before stays; the same trouble is told once.
      const complaint = error instanceof Error ? error.message : String(error);
      if (complaint === this.#complaint) return;
      this.#complaint = complaint;
      this.#log.warn({ path: this.#path, err: error }, 'The default EDID cannot be read');
    }
  }
}
