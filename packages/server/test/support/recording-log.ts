import type { Log } from '../../src/core/log.ts';

/** A log that remembers its messages as `level message`. */
export interface RecordingLog extends Log {
  readonly messages: string[];
}

/** Children share their parent's memory. */
export function recordingLog(messages: string[] = []): RecordingLog {
  const note = (level: string) => (_: object, message: string) => {
    messages.push(`${level} ${message}`);
  };
  return {
    messages,
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => recordingLog(messages),
  };
}
