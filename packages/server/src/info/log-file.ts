import { join } from 'node:path';
import { Journal, type JournalReadOptions } from '../store/journal.ts';
import { type LogRecord, logRecord } from './log-message.ts';

/** Where the log is kept. */
export interface LogFileOptions {
  /** The log is `crashcart.log` and `crashcart.log.1` in this folder, which is made when missing. */
  readonly dir: string;
  /** Of each of the two files. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Gets the one warning when the disk refuses; by default standard error. */
  readonly warn?: (message: string) => void;
}

/**
 * The service's own log on disk, a destination for pino. It never blocks; where the disk is full or
 * read-only, it says so once and keeps the latest lines in memory until the disk takes them.
 */
export class LogFile {
  readonly path: string;
  readonly #journal: Journal<LogRecord>;

  constructor(options: LogFileOptions) {
    this.path = join(options.dir, 'crashcart.log');
    const warn = options.warn ?? ((message) => void process.stderr.write(`${message}\n`));
    this.#journal = new Journal({
      path: this.path,
      schema: logRecord,
      ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      onTrouble: (error) =>
        warn(`WARN: the log cannot be written to ${this.path}, only its end is kept: ${error}`),
    });
  }

  /** Takes one line of JSON from pino. */
  write(line: string): void {
    this.#journal.appendLine(line);
  }

  /** Every kept record, oldest first, then new ones as they come. */
  read(options: JournalReadOptions<LogRecord>): AsyncGenerator<LogRecord> {
    return this.#journal.read(options);
  }

  /** Resolves when all lines are written, or cannot be. */
  async flush(): Promise<void> {
    await this.#journal.flush();
  }

  /** Writes what waits at once; for the end of the process. */
  flushSync(): void {
    this.#journal.flushSync();
  }
}
