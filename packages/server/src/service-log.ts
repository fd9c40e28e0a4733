import type { Log } from './core/log.ts';
import { LogFile } from './info/log-file.ts';
import { FileLogReader, JournalLogReader, type LogReader, UNIT } from './info/log-reader.ts';
import { createLogger, journalDestination, type LogLevel, terminalDestination } from './logger.ts';
import { writesToJournal } from './platform/journal-stream.ts';

/** The log of this process and the way to read it back. */
export interface ServiceLog {
  readonly log: Log;
  readonly reader: LogReader;
  /** Writes what waits, at once; for handlers of `exit` and of uncaught exceptions. */
  flushSync(): void;
  /** Resolves when everything is written, or cannot be. */
  close(): Promise<void>;
}

/**
 * Under systemd: to and from its journal. Else: readable lines on standard error, and a bounded log
 * in `dir` that is read back.
 */
export function openServiceLog(options: {
  readonly level: LogLevel;
  /** Folder of the service's own log. */
  readonly dir: string;
  /** Of each of the two files. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Default `crashcart.service`. */
  readonly unit?: string;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}): ServiceLog {
  const { level, dir, maxBytes, unit = UNIT, env = process.env } = options;
  // A terminal that went away must not end the service with its next log line.
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore);
  if (env.INVOCATION_ID !== undefined && writesToJournal(env)) {
    return {
      log: createLogger({ level, destinations: [journalDestination()] }),
      reader: new JournalLogReader(unit),
      flushSync() {},
      async close() {},
    };
  }
  const file = new LogFile(maxBytes === undefined ? { dir } : { dir, maxBytes });
  return {
    log: createLogger({ level, destinations: [terminalDestination(), file] }),
    reader: new FileLogReader(file, unit),
    flushSync: () => file.flushSync(),
    close: () => file.flush(),
  };
}

function ignore(): void {}
