import { CliError, type CliInput, type CliIo } from './io.ts';

const MAX_LENGTH = 512;
const ENTER = /[\r\n]/;

/** One line at a time; on a terminal without echo, with backspace, and Ctrl-C or Ctrl-D give up. */
class LineReader {
  readonly #chunks: AsyncIterator<Uint8Array | string>;
  #text = '';

  constructor(stdin: CliInput) {
    this.#chunks = stdin[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.search(ENTER);
      const line = end < 0 ? this.#text : this.#text.slice(0, end);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what Ctrl-C and Ctrl-D send
      if (/[\x03\x04]/.test(line)) throw new CliError('Given up; nothing has changed');
      if (line.length > 2 * MAX_LENGTH) throw new CliError('The password is too long');
      if (end >= 0) {
        const isPair = this.#text.startsWith('\r\n', end);
        this.#text = this.#text.slice(end + (isPair ? 2 : 1));
        return withBackspaces(line);
      }
      const next = await this.#chunks.next();
      if (next.done) {
        this.#text = '';
        return withBackspaces(line);
      }
      this.#text +=
        typeof next.value === 'string' ? next.value : Buffer.from(next.value).toString('utf8');
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function withBackspaces(line: string): string {
  const kept: string[] = [];
  for (const character of line) {
    if (character === '\x7f' || character === '\b') kept.pop();
    else kept.push(character);
  }
  return kept.join('');
}

/**
 * Asks for a password on the terminal without echo, for each prompt once; with `fromStdin` the first
 * line of standard input is the answer to the first prompt. CliError where there is no terminal.
 */
export async function readPassword(
  io: CliIo,
  prompts: readonly string[],
  fromStdin: boolean,
): Promise<readonly string[]> {
  const { stdin } = io;
  if (!fromStdin && !stdin.isTTY) {
    throw new CliError('There is no terminal to ask on; give the password on stdin with -i');
  }
  const reader = new LineReader(stdin);
  if (fromStdin) {
    const answer = await reader.line();
    await reader.close();
    return [answer];
  }
  stdin.setRawMode?.(true);
  try {
    const answers: string[] = [];
    for (const prompt of prompts) {
      io.stderr.write(`${prompt}: `);
      answers.push(await reader.line());
      io.stderr.write('\n');
    }
    return answers;
  } finally {
    stdin.setRawMode?.(false);
    await reader.close();
  }
}
