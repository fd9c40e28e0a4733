import { isAbsolute } from 'node:path';
import { MAX_LINE, MISSING, MOUNTED } from '../platform/mount-service.ts';
import { NbdMount } from '../platform/nbd-mount.ts';
import { ProgramMissingError } from '../platform/process.ts';
import { type CliInput, type CliIo, runCommand, UsageError } from './io.ts';

const USAGE = `Usage: crashcart nbdfuse

For crashcart-nbdfuse.socket alone: mounts a linked image for the drive of a USB gadget. It reads the path
of a unix socket with an NBD export and that of a file to be made, a line each, and answers "${MOUNTED}" or
why not. The file is there until the input ends. docs/remote-images.md`;

/** What the command works on. */
export interface NbdfuseIo extends CliIo {
  /** Ends it, too. */
  readonly signal: AbortSignal;
}

/** `crashcart nbdfuse`. Resolves to 0, 1 or 2. */
export function nbdfuseCommand(argv: readonly string[], io: NbdfuseIo): Promise<number> {
  return runCommand(io, async () => {
    const [word, ...more] = argv;
    if (more.length === 0 && (word === '--help' || word === '-h')) {
      io.stdout.write(`${USAGE}\n`);
      return 0;
    }
    if (word !== undefined) throw new UsageError(USAGE);
    const input = readLines(io.stdin);
    const [socket = '', file = ''] = [await next(input), await next(input)];
    if (!isAbsolute(socket) || !isAbsolute(file)) throw new UsageError(USAGE);
    const mount = await NbdMount.open(socket, file).catch((error: unknown) => {
      io.stdout.write(`${refusal(error)}\n`);
      throw error;
    });
    io.stdout.write(`${MOUNTED}\n`);
    const ended = new Promise((resolve) => {
      io.signal.addEventListener('abort', resolve, { once: true });
      // Also a server that was killed: its end of the connection closes.
      void next(input).then(resolve, resolve);
    });
    await Promise.race([ended, mount.ended]);
    await mount.close();
    return 0;
  });
}

function refusal(error: unknown): string {
  if (error instanceof ProgramMissingError) return MISSING + error.program;
  return error instanceof Error ? error.message : String(error);
}

async function next(lines: AsyncGenerator<string>): Promise<string | undefined> {
  const { done, value } = await lines.next();
  return done ? undefined : value;
}

async function* readLines(input: CliInput): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of input) {
    rest += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
    if (rest.length > 2 * MAX_LINE) throw new UsageError(USAGE);
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
      yield rest.slice(0, at);
      rest = rest.slice(at + 1);
    }
  }
}
