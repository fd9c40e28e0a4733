import { Reply } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** GET /log: a chunk per line, in the time zone of the server. */
export const logHandlers: HandlersOf<'log'> = {
  log({ seek, follow }, { services, ended }) {
    const lines = services.logReader.read({ seekS: seek, follow, signal: ended });
    return new Reply(200, { 'content-type': 'text/plain' }, printed(lines));
  },
};

interface Line {
  readonly atMs: number;
  readonly unit: string;
  readonly message: string;
}

async function* printed(lines: AsyncIterable<Line>): AsyncGenerator<string> {
  for await (const { atMs, unit, message } of lines) {
    // A line feed inside of a message would make a line that nobody wrote.
    const text = message.replace(/[\r\n]+/g, ' ');
    yield `[${localTime(atMs)} ${unit}] --- ${text}\r\n`;
  }
}

/** `YYYY-MM-DD HH:MM:SS` */
function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
