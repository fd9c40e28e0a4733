import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { nginxCommand } from '../../src/cli/nginx.ts';
import { configSchema } from '../../src/config/schema.ts';
import { selfSigned } from '../../src/tls/certificate.ts';

/** Every file of nginx lies where a quote that is forgotten would be noticed. */
const HOSTILE = 'nginx "a\\b\' ;{}#é-';

interface NginxGiven {
  readonly page?: 'own' | 'small';
  /** Further options of the command. */
  readonly argv?: readonly string[];
}

/** Real nginx (Debian's) with the configuration that `crashcart nginx --print` prints. */
export class Nginx implements AsyncDisposable {
  readonly httpsPort: number;
  readonly httpPort: number;
  /** Where it looks for Janus. */
  readonly janusPath: string;
  readonly #stop: () => Promise<void>;

  private constructor(
    ports: { http: number; https: number },
    janusPath: string,
    stop: () => Promise<void>,
  ) {
    this.httpPort = ports.http;
    this.httpsPort = ports.https;
    this.janusPath = janusPath;
    this.#stop = stop;
  }

  /**
   * Starts it before a socket of crashcart, with its page or a small one that is laid out as
   * PiKVM's. Rejects with what nginx says when it cannot.
   */
  static async start(
    socketPath: string,
    { page = 'own', argv = [] }: NginxGiven = {},
  ): Promise<Nginx> {
    const directory = mkdtempSync(join(tmpdir(), HOSTILE));
    await selfSigned(join(directory, 'tls'), '127.0.0.1');
    const ports = { http: await freePort(), https: await freePort() };
    const file = join(directory, 'nginx.conf');
    const janusPath = join(directory, 'janus.sock');
    const text = await printed(directory, [
      ...['--unix', socketPath, '--run', directory, '--listen', '127.0.0.1'],
      ...['--http-port', String(ports.http), '--https-port', String(ports.https)],
      ...['--janus-unix', janusPath],
      // Its workers could not read what belongs to root; and root is whom the socket trusts.
      ...(process.getuid?.() === 0 ? ['--user', 'root'] : []),
      ...(page === 'small' ? smallPage(directory) : []),
      ...argv,
    ]);
    writeFileSync(file, text);
    const { ended } = await launch(file);
    const pid = Number(readFileSync(join(directory, 'nginx.pid'), 'utf8'));
    // It is nobody's child, so it would outlive a test that breaks off.
    const kill = () => process.kill(pid, 'SIGTERM');
    process.once('exit', kill);
    return new Nginx(ports, janusPath, async () => {
      process.off('exit', kill);
      kill();
      await ended;
      rmSync(directory, { recursive: true });
    });
  }

  /** Where the page is. */
  get url(): string {
    return `https://127.0.0.1:${this.httpsPort}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

/** What the command prints; rejects with its complaint. */
export async function printed(stateDir: string, argv: readonly string[]): Promise<string> {
  let out = '';
  let err = '';
  const code = await nginxCommand(['--print', ...argv], {
    stdin: Readable.from([]),
    stdout: { write: (part) => (out += part) },
    stderr: { write: (part) => (err += part) },
    config: configSchema.parse({}),
    stateDir,
  });
  if (code !== 0) throw new Error(err);
  return out;
}

/** What `nginx -t` says of a configuration; '' when it is fine. */
export function faultsIn(file: string): string {
  const { status, stderr } = spawnSync('nginx', ['-t', '-e', 'stderr', '-c', file], {
    encoding: 'utf8',
  });
  const warned = stderr.split('\n').filter((line) => /\[(warn|error|emerg)\]/.test(line));
  return status === 0 && warned.length === 0 ? '' : stderr;
}

/**
 * nginx goes into the background when it listens: that its first process ends well is the sign. The
 * `ended` resolves when all of it has let go of the error output.
 */
async function launch(file: string): Promise<{ readonly ended: Promise<unknown> }> {
  const child = spawn('nginx', ['-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(child, 'close');
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`nginx ended with ${code}:\n${said}`);
  return { ended };
}

/** A port that was free a moment ago: nginx takes no 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

// The head of an icon of 48, 32 and 16 dots, as in the recording.
const ICON =
  'AAABAAMAMDAAAAEAIACoJQAANgAAACAgAAABACAAqBAAAN4lAAAQEAAAAQAgAGgEAACGNgAAKAAAADAAAABgAA==';

/** Writes the small page; the options for it. */
function smallPage(directory: string): readonly string[] {
  const root = join(directory, 'web');
  const files = {
    'index.html': '<!doctype html><title>index</title>',
    'kvm/index.html': '<!doctype html><title>kvm</title>',
    'login/index.html': '<!doctype html><title>login</title>',
    'share/js/tools.js': 'export const tools = {};\n',
    'favicon.ico': Buffer.from(ICON, 'base64'),
    'robots.txt': 'User-agent: *\nDisallow: /\n',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const userCss = join(directory, 'web.css');
  writeFileSync(userCss, ':root { --x: 1 }\n');
  return ['--root', root, '--user-css', userCss];
}
