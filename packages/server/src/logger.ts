import { type Logger, multistream, pino } from 'pino';
import type { Log } from './core/log.ts';
import { escapeControls, formatRecord, type LogRecord, logRecord } from './info/log-message.ts';
import { redact, redactText } from './info/redact.ts';

/** The least important kind of message that is kept. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes lines of JSON; it must neither block nor throw. */
export interface LogDestination {
  write(line: string): void;
}

/** Something that takes text, such as `process.stderr`. */
interface TextStream {
  write(text: string): unknown;
}

/** A logger over pino. Details and texts are freed from secrets before they go anywhere. */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly destinations: readonly LogDestination[];
}): Log {
  const { level, destinations } = options;
  const streams = destinations.map((stream) => ({ level: 'debug' as const, stream }));
  // Errors are plain copies already; pino's own serializer would call each of them "Object".
  const serializers = { err: (copied: unknown) => copied };
  return new PinoLog(pino({ level, base: null, serializers }, multistream(streams)));
}

/** Readable lines for a terminal: `HH:MM:SS LEVEL: text (key=value …)`, local time. */
export function terminalDestination(stream: TextStream = process.stderr): LogDestination {
  return textDestination(stream, ({ time }) => new Date(time).toTimeString().slice(0, 9));
}

/** The same for systemd's journal: its priority in front, no time since the journal has it. */
export function journalDestination(stream: TextStream = process.stderr): LogDestination {
  return textDestination(stream, ({ level }) => {
    if (level >= 50) return '<3>';
    if (level >= 40) return '<4>';
    return level >= 30 ? '<6>' : '<7>';
  });
}

function textDestination(
  stream: TextStream,
  prefix: (record: LogRecord) => string,
): LogDestination {
  return {
    write(line) {
      const record = parseRecord(line);
      const start = record ? prefix(record) : '';
      const messages = record ? formatRecord(record) : [escapeControls(line.trimEnd())];
      stream.write(messages.map((message) => `${start}${message}\n`).join(''));
    },
  };
}

function parseRecord(line: string): LogRecord | undefined {
  try {
    return logRecord.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

class PinoLog implements Log {
  readonly #pino: Logger;

  constructor(logger: Logger) {
    this.#pino = logger;
  }

  debug(details: object, message: string): void {
    if (this.#pino.isLevelEnabled('debug'))
      this.#pino.debug(fieldsOf(details), redactText(message));
  }

  info(details: object, message: string): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(fieldsOf(details), redactText(message));
  }

  warn(details: object, message: string): void {
    if (this.#pino.isLevelEnabled('warn')) this.#pino.warn(fieldsOf(details), redactText(message));
  }

  error(details: object, message: string): void {
    this.#pino.error(fieldsOf(details), redactText(message));
  }

  child(bindings: object): Log {
    return new PinoLog(this.#pino.child(fieldsOf(bindings)));
  }
}

/** Details must not take the place of the record's own keys. */
function fieldsOf(details: object): Record<string, unknown> {
  const fields = redact(details);
  for (const own of ['level', 'time', 'msg']) {
    if (!(own in fields)) continue;
    fields[`${own}_`] = fields[own];
    delete fields[own];
  }
  return fields;
}
