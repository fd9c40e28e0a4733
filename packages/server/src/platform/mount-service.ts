import { isSystemError } from './files.ts';
import { connectUnix, type Socket } from './unix-socket.ts';

/**
 * Where `crashcart nbdfuse` mounts for servers that may not gain privileges themselves: fusermount3
 * is root's. Our systemd unit `crashcart-nbdfuse.socket` listens there.
 */
export const MOUNT_SERVICE = '/run/crashcart-nbdfuse.sock';

/** How long it may take, ms: it is started for each mount, and mounts for 10 s at most. */
const ANSWER_MS = 30_000;
/** What it says once the file is there; anything else is why it is not. */
export const MOUNTED = 'mounted';
/** Begins an answer that names a program which is not installed. */
export const MISSING = 'missing ';
/** A request and an answer are longer by no means. */
export const MAX_LINE = 4096;

/** A mount that another process holds. */
export interface ServedMount {
  /** Resolves when it is no longer mounted, whoever did that. */
  readonly ended: Promise<unknown>;
  /** Unmounts it. */
  close(): Promise<void>;
}

/**
 * Asks for a mount, as two lines; it lasts as long as the connection. Resolves with the mount, with the
 * answer of a service that refuses, or with undefined when none listens to us. Rejects when it does not
 * answer.
 */
export async function askMountService(
  path: string,
  { socket, file }: { readonly socket: string; readonly file: string },
): Promise<ServedMount | string | undefined> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const connection = await connectUnix(path, signal).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT', 'ECONNREFUSED', 'EACCES')) return undefined;
    throw error;
  });
  if (!connection) return undefined;
  const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  connection.on('error', () => undefined);
  connection.write(`${socket}\n${file}\n`);
  const answer = await firstLine(connection, signal);
  if (answer !== MOUNTED) {
    connection.destroy();
    return answer;
  }
  connection.resume();
  return {
    ended,
    async close() {
      connection.end();
      await ended;
    },
  };
}

/** Rejects when it ends before, or after a time. */
async function firstLine(connection: Socket, signal: AbortSignal): Promise<string> {
  return await new Promise((resolve, reject) => {
    let said = '';
    const settle = () => {
      connection.off('data', hear).off('close', end);
      signal.removeEventListener('abort', give);
    };
    const end = () => {
      settle();
      reject(new Error(`crashcart-nbdfuse ended without an answer; its log tells why`));
    };
    const give = () => {
      settle();
      connection.destroy();
      reject(new Error('crashcart-nbdfuse does not answer'));
    };
    const hear = (bytes: Buffer) => {
      said += bytes.toString();
      const at = said.indexOf('\n');
      if (at < 0 && said.length <= MAX_LINE) return;
      settle();
      resolve(said.slice(0, at < 0 ? MAX_LINE : at));
    };
    connection.on('data', hear).once('close', end);
    signal.addEventListener('abort', give, { once: true });
  });
}
