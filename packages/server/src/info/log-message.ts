import { z } from 'zod';

/** One line of pino: level 10 (trace) to 60 (fatal), Unix milliseconds, text, further fields. */
export const logRecord = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().default(''),
});
export type LogRecord = z.infer<typeof logRecord>;

const LEVELS: readonly (readonly [number, string])[] = [
  [60, 'FATAL'],
  [50, 'ERROR'],
  [40, 'WARN'],
  [30, 'INFO'],
  [20, 'DEBUG'],
];

/** `ERROR`, `INFO` … of pino's number. */
export function levelName(level: number): string {
  return LEVELS.find(([least]) => level >= least)?.[1] ?? 'TRACE';
}

/**
 * A record for people: `LEVEL: text (key=value …)`, then the lines of an error's stack. Every line
 * is free of control characters.
 */
export function formatRecord(record: LogRecord): readonly string[] {
  const { level, time: _, msg, ...fields } = record;
  const stacks: string[] = [];
  const details = Object.entries(fields).map(([key, value]) => {
    if (isError(value)) {
      // The first line of a stack repeats name and message.
      if (value.stack !== undefined) stacks.push(...value.stack.split('\n').slice(1));
      return `${key}=${quoted(`${value.type}: ${value.message}`)}`;
    }
    return `${key}=${quoted(value)}`;
  });
  const text = `${levelName(level)}: ${msg}${details.length > 0 ? ` (${details.join(' ')})` : ''}`;
  return [...text.split('\n'), ...stacks].map(escapeControls);
}

/** Makes a text safe for a terminal and for one line: control characters become `\xNN`. */
export function escapeControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get out
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (char) => {
      const code = char.charCodeAt(0).toString(16);
      return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
    },
  );
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === 'string' && (/[\s"=()]/.test(text) || text === '')
    ? JSON.stringify(text)
    : text;
}

function isError(
  value: unknown,
): value is { readonly type: string; readonly message: string; readonly stack?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'message' in value &&
    typeof value.message === 'string' &&
    (!('stack' in value) || typeof value.stack === 'string')
  );
}
