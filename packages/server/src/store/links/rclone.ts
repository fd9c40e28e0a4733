import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { dyingWithUs } from '../../platform/dying-with-us.ts';
import { filterThrough } from '../../platform/filter-process.ts';
import { isThere } from '../../platform/image-file.ts';
import { type Process, ProgramMissingError, spawnProcess } from '../../platform/process.ts';
import { SourceRefusedError } from './block-source.ts';
import { hostOf } from './link-url.ts';

/** What rclone prints when it serves, with where. */
const SERVES = /started on \[?(http:\/\/127\.0\.0\.1:\d+\/)/;
/** What else it prints that tells why something failed. */
const TROUBLE = /(?:ERROR|CRITICAL|Failed to)[\s:]*(.*)/;
/** Waits of rclone for its remote, and how fresh what it knows of a file is. */
const LIMITS = [
  ...['--contimeout', '10s', '--timeout', '10s', '--low-level-retries', '1', '--retries', '1'],
  ...['--dir-cache-time', '1s', '--buffer-size', '0', '--vfs-read-chunk-size', '1M'],
];
const KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const PORTS: Readonly<Record<string, string>> = { 'sftp:': '22', 'smb:': '445' };

/** An rclone that serves the folder of a file over HTTP, to us alone. */
export class Rclone {
  /** Where the file is, with what opens it. */
  readonly url: string;
  readonly #process: Process;
  readonly #trouble: () => string;

  private constructor(url: string, process: Process, trouble: () => string) {
    this.url = url;
    this.#process = process;
    this.#trouble = trouble;
  }

  /**
   * Starts it for an sftp or smb URL and resolves when it serves. Rejects with SourceRefusedError
   * where rclone is missing, else with what it says.
   */
  static async start(url: URL, insecure: boolean, signal: AbortSignal): Promise<Rclone> {
    const path = decodeURIComponent(url.pathname);
    const slash = path.lastIndexOf('/');
    const folder =
      url.protocol === 'smb:' ? path.slice(1, Math.max(1, slash)) : path.slice(0, slash + 1);
    // Somebody else on this host may see the port, so it has a password of its own.
    const password = randomBytes(24).toString('base64url');
    let trouble = '';
    let serves: (url: string) => void = () => undefined;
    const served = new Promise<string>((resolve) => {
      serves = resolve;
    });
    const onLine = (line: string) => {
      const [, base] = SERVES.exec(line) ?? [];
      if (base) serves(base);
      trouble = TROUBLE.exec(line)?.[1] ?? trouble;
    };
    const process = await start(
      folder,
      {
        ...(await remoteOf(url, insecure, signal)),
        ...{ RCLONE_CONFIG: '', RCLONE_USER: 'crashcart', RCLONE_PASS: password },
      },
      onLine,
    );
    const aborted = () => process.kill();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      const base = await Promise.race([served, process.exit.then(() => undefined)]);
      signal.throwIfAborted();
      if (base === undefined)
        throw new Error(`rclone cannot serve it: ${trouble || process.lastLines.join(' | ')}`);
      const file = new URL(base);
      file.username = 'crashcart';
      file.password = password;
      file.pathname = encodeURIComponent(path.slice(slash + 1));
      return new Rclone(file.href, process, () => trouble);
    } catch (error) {
      process.kill();
      throw error;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  /** What it said last of what it could not do; may be empty. */
  get trouble(): string {
    return this.#trouble();
  }

  stop(): void {
    this.#process.kill();
  }
}

async function start(
  folder: string,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<Process> {
  const serve = ['rclone', 'serve', 'webdav', `source:${folder}`, '--read-only'];
  const [program, ...args] = dyingWithUs([...serve, '--addr', '127.0.0.1:0', ...LIMITS]);
  return await spawnProcess(program, args, { env: { ...process.env, ...env }, onLine });
}

/** How rclone is told of the remote: by its environment, which only this user can read. */
async function remoteOf(
  url: URL,
  insecure: boolean,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const kind = url.protocol.replace(':', '');
  const password = decodeURIComponent(url.password);
  const isSftp = kind === 'sftp';
  const known = isSftp && !insecure ? { known_hosts_file: inSsh('known_hosts') } : {};
  const key = isSftp && password === '' ? await keyFile() : undefined;
  const options: Readonly<Record<string, string>> = {
    ...{ type: kind, host: hostOf(url), port: url.port || (PORTS[url.protocol] ?? '') },
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    pass: await obscured(password, signal),
    ...(isSftp ? { shell_type: 'none', disable_hashcheck: 'true' } : {}),
    ...known,
    ...(key ? { key_file: key } : {}),
  };
  const named = Object.entries(options).filter(([, value]) => value !== '');
  return Object.fromEntries(
    named.map(([name, value]) => [`RCLONE_CONFIG_SOURCE_${name.toUpperCase()}`, value]),
  );
}

/** The form in which rclone takes passwords; it hides nothing. */
async function obscured(password: string, signal: AbortSignal): Promise<string> {
  async function* input() {
    yield new TextEncoder().encode(password);
  }
  try {
    const output = await filterThrough('rclone', ['obscure', '-'], input(), signal);
    if (password === '') return '';
    return (await buffer(output)).toString('utf8').trim();
  } catch (error) {
    if (!(error instanceof ProgramMissingError)) throw error;
    throw new SourceRefusedError(
      'sftp and smb need rclone, which this host lacks: apt install rclone',
      { cause: error },
    );
  }
}

async function keyFile(): Promise<string | undefined> {
  for (const name of KEYS) if (await isThere(inSsh(name))) return inSsh(name);
  return undefined;
}

function inSsh(name: string): string {
  return join(homedir(), '.ssh', name);
}
