import { KvmError } from '@crashcart/api';
import { z } from 'zod';
import { readJournal } from '../platform/journal-process.ts';
import type { LogFile } from './log-file.ts';
import { escapeControls, formatRecord, type LogRecord } from './log-message.ts';

/** The systemd unit that crashcart runs as. */
export const UNIT = 'crashcart.service';

/** One line of the service's log: no line end, no control characters. */
export interface LogLine {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** `NAME.service`. */
  readonly unit: string;
  readonly message: string;
}

/** Which lines are wanted. */
export interface LogReadOptions {
  /** Seconds back from now; 0 = all that is kept. */
  readonly seekS: number;
  /** Go on with new lines as they come, until the signal aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Reads the service's log. It may throw `UnavailableError` at the first line. */
export interface LogReader {
  read(options: LogReadOptions): AsyncIterable<LogLine>;
}

/** Reads the service's own log on disk. */
export class FileLogReader implements LogReader {
  readonly #file: LogFile;
  readonly #unit: string;
  readonly #now: () => number;

  constructor(file: LogFile, unit: string = UNIT, now: () => number = Date.now) {
    this.#file = file;
    this.#unit = unit;
    this.#now = now;
  }

  async *read({ seekS, follow, signal }: LogReadOptions): AsyncGenerator<LogLine> {
    const sinceMs = seekS === 0 ? Number.NEGATIVE_INFINITY : this.#now() - seekS * 1000;
    // Only what is there already is judged by its time: the clock may be set back meanwhile.
    const keep = ({ time }: LogRecord) => time >= sinceMs;
    for await (const record of this.#file.read({ follow, signal, keep })) {
      for (const message of formatRecord(record)) {
        yield { atMs: record.time, unit: this.#unit, message };
      }
    }
  }
}

/** An entry as `journalctl -o json` prints it; what is not UTF-8 is a list of bytes. */
const journalEntry = z.object({
  __REALTIME_TIMESTAMP: z.coerce.number(),
  _SYSTEMD_UNIT: z.string().optional(),
  MESSAGE: z.union([z.string(), z.array(z.int().min(0).max(255))]),
});

/** Reads systemd's journal of the service, of this boot. */
export class JournalLogReader implements LogReader {
  readonly #unit: string;
  readonly #command: readonly [string, ...string[]] | undefined;

  /** `command` replaces `journalctl`. */
  constructor(unit: string = UNIT, command?: readonly [string, ...string[]]) {
    this.#unit = unit;
    this.#command = command;
  }

  async *read({ seekS, follow, signal }: LogReadOptions): AsyncGenerator<LogLine> {
    const sinceS = seekS === 0 ? undefined : Math.max(0, Math.floor(Date.now() / 1000 - seekS));
    const query = { unit: this.#unit, sinceS, follow, signal };
    const command = this.#command;
    try {
      for await (const text of readJournal(command ? { ...query, command } : query)) {
        yield* parseJournalEntry(text, this.#unit);
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new KvmError('UnavailableError', `The journal cannot be read: ${reason}`, { cause });
    }
  }
}

/** The lines of one entry; none when it is not one. Never throws. */
export function parseJournalEntry(text: string, fallbackUnit: string): readonly LogLine[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const entry = journalEntry.safeParse(value);
  if (!entry.success) return [];
  const { MESSAGE, _SYSTEMD_UNIT: unit = '', __REALTIME_TIMESTAMP: atUs } = entry.data;
  const message = typeof MESSAGE === 'string' ? MESSAGE : Buffer.from(MESSAGE).toString('utf8');
  return message.split('\n').map((line) => ({
    atMs: Math.floor(atUs / 1000),
    unit: /^[\w-]+\.service$/.test(unit) ? unit : fallbackUnit,
    message: escapeControls(line),
  }));
}
