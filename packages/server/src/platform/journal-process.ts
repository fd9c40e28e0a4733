import { spawn } from 'node:child_process';

/** More than systemd passes on in one entry by default; a longer line is dropped. */
const MAX_LINE_CHARS = 1024 * 1024;

/** What is asked of journalctl. */
export interface JournalQuery {
  readonly unit: string;
  /** Unix seconds; undefined = since boot. */
  readonly sinceS: number | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** The program and its first arguments. Default `journalctl`. */
  readonly command?: readonly [string, ...string[]];
}

/**
 * The entries of one systemd unit as lines of JSON. The program ends with the reader or the signal;
 * a slow reader holds it back. Throws when it is missing or fails.
 */
export async function* readJournal(query: JournalQuery): AsyncGenerator<string> {
  const { unit, sinceS, follow, signal, command = ['journalctl'] } = query;
  if (signal.aborted) return;
  const [file, ...first] = command;
  const args = [...first, '--no-pager', '--output=json', '--boot', `--unit=${unit}`];
  if (sinceS !== undefined) args.push(`--since=@${sinceS}`);
  if (follow) args.push('--follow', '--no-tail');
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => {
      resolve(code === 0 ? undefined : complaint.trim() || `journalctl ended with code ${code}`);
    });
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop);
  try {
    let rest = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARS) rest = '';
      yield* lines;
      if (signal.aborted) return;
    }
    const failure = await ended;
    if (failure !== undefined && !signal.aborted) throw new Error(failure);
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill();
  }
}
