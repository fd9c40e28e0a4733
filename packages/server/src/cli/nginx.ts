import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config/schema.ts';
import { PAGE_DIR } from '../page.ts';
import { certificateFiles } from '../tls/certificate.ts';
import { type CliIo, runCommand, UsageError } from './io.ts';
import { type NginxOptions, nginxConfig } from './nginx-config.ts';
import { unfitForNginx } from './nginx-text.ts';

const USAGE = `Usage: crashcart nginx --print [OPTIONS] > nginx.conf

Prints a configuration of nginx that serves crashcart as PiKVM's nginx does. docs/nginx.md

  --unix PATH           crashcart's socket (kvmd.server.unix of the configuration)
  --root DIR            another page, laid out as PiKVM's (crashcart's own)
  --user-css FILE       /share/css/user.css of that page (/etc/kvmd/web.css)
  --listen ADDRESS      IP address, may be repeated (all of this host)
  --http-port N         redirects to HTTPS (80)
  --https-port N        (443)
  --no-https            no TLS: everything on the HTTP port, passwords unencrypted
  --cert FILE, --key FILE  the certificate (server.tls.cert and .key of the
                        configuration, or the one that crashcart makes itself)
  --janus-unix PATH     a Janus of its own for /janus/ws (crashcart's)
  --streamer-unix PATH  a µStreamer of its own for /streamer (crashcart's)
  --media-unix PATH     a kvmd-media of its own for /api/media (crashcart's)
  --user USER[:GROUP]   of the workers, when root starts nginx
  --run DIR             for pid and temporary files (/run/crashcart-nginx)
  --acme DIR            serve DIR/.well-known/acme-challenge/ on the HTTP port
  --config FILE, --state DIR  of crashcart
  -h, --help            this text`;

const OPTIONS = {
  print: { type: 'boolean' },
  unix: { type: 'string' },
  root: { type: 'string' },
  'user-css': { type: 'string', default: '/etc/kvmd/web.css' },
  listen: { type: 'string', multiple: true },
  'http-port': { type: 'string', default: '80' },
  'https-port': { type: 'string', default: '443' },
  'no-https': { type: 'boolean' },
  cert: { type: 'string' },
  key: { type: 'string' },
  'janus-unix': { type: 'string' },
  'streamer-unix': { type: 'string' },
  'media-unix': { type: 'string' },
  user: { type: 'string' },
  run: { type: 'string', default: '/run/crashcart-nginx' },
  acme: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What the command works on. */
export interface NginxIo extends CliIo {
  readonly config: Pick<Config, 'kvmd' | 'server'>;
  readonly stateDir: string;
}

/** `crashcart nginx`: prints a configuration for nginx. Resolves to 0, 1 or 2. */
export function nginxCommand(argv: readonly string[], io: NginxIo): Promise<number> {
  return runCommand(io, async () => {
    const values = parse(argv);
    if (values.help) io.stdout.write(`${USAGE}\n`);
    else io.stdout.write(nginxConfig(optionsOf(values, io)));
    return 0;
  });
}

type Values = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS });
  } catch (error) {
    const text = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new UsageError(`${text}. \`crashcart nginx --help\` lists the options.`);
  }
  const { values } = parsed;
  if (!values.help && !values.print) throw new UsageError(USAGE);
  return values;
}

function optionsOf(values: Values, { config, stateDir }: NginxIo): NginxOptions {
  const core = values.unix ?? config.kvmd.server.unix;
  if (core === '') {
    throw new UsageError('Where is crashcart? Set kvmd.server.unix, or say --unix PATH.');
  }
  const httpPort = port('http-port', values['http-port']);
  const https = values['no-https'] ? undefined : tlsOf(values, config, stateDir);
  if (https?.port === httpPort) {
    throw new UsageError('--http-port and --https-port must not be the same');
  }
  return {
    addresses: addressesOf(values.listen),
    httpPort,
    https,
    sockets: {
      core: socket('unix', core),
      streamer: optional(values['streamer-unix'], (path) => socket('streamer-unix', path)),
      media: optional(values['media-unix'], (path) => socket('media-unix', path)),
      janus: optional(values['janus-unix'], (path) => socket('janus-unix', path)),
    },
    page:
      values.root === undefined
        ? { kind: 'own', root: path('root', PAGE_DIR) }
        : {
            ...{ kind: 'pikvm', root: path('root', values.root) },
            userCss: path('user-css', values['user-css']),
          },
    user: optional(values.user, user),
    runDir: path('run', values.run),
    acmeRoot: optional(values.acme, (text) => path('acme', text)),
  };
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

/** The files of the operator, else those that the server makes. */
function tlsOf(values: Values, { server }: NginxIo['config'], stateDir: string) {
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new UsageError('--cert and --key come together');
  }
  const { cert, key } =
    values.cert !== undefined && values.key !== undefined
      ? { cert: values.cert, key: values.key }
      : server.tls.cert !== ''
        ? server.tls
        : certificateFiles(join(stateDir, 'tls'));
  return {
    port: port('https-port', values['https-port']),
    cert: path('cert', cert),
    key: path('key', key),
  };
}

function addressesOf(given: readonly string[] | undefined): readonly string[] {
  for (const address of given ?? []) {
    if (isIP(address) === 0 || address.includes('%')) {
      throw new UsageError(`--listen takes an IP address, not "${address}"`);
    }
  }
  if (given !== undefined) return given;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // Without IPv6 nginx would not start.
  return all.some(({ family }) => family === 'IPv6') ? ['0.0.0.0', '::'] : ['0.0.0.0'];
}

function port(name: string, text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 65_535) return value;
  throw new UsageError(`--${name} takes a whole number from 1 to 65535, not "${text}"`);
}

function path(name: string, text: string): string {
  const unfit = text === '' ? 'it is empty' : unfitForNginx(text);
  if (unfit !== undefined) throw new UsageError(`--${name} cannot be "${text}": ${unfit}`);
  return isAbsolute(text) ? text : resolve(text);
}

/** sun_path of unix(7) holds 107 bytes and a zero. */
const LONGEST_SOCKET = 107;

function socket(name: string, text: string): string {
  const found = path(name, text);
  if (Buffer.byteLength(found) <= LONGEST_SOCKET) return found;
  throw new UsageError(`--${name} is longer than the ${LONGEST_SOCKET} bytes of a unix socket`);
}

/** As `useradd` allows them. */
function user(text: string): string {
  if (!/^[a-z_][\w.-]*(:[a-z_][\w.-]*)?$/i.test(text)) {
    throw new UsageError(`--user takes USER or USER:GROUP, not "${text}"`);
  }
  return text.replace(':', ' ');
}
