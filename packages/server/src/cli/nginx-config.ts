import { apiLocations, type NginxSockets } from './nginx-api.ts';
import { ownPage, pikvmPage } from './nginx-page.ts';
import { type NginxLine, nginxText, quoted } from './nginx-text.ts';

/** What the configuration is written for. Paths are absolute and fit for nginx. */
export interface NginxOptions {
  /** IP addresses to listen on. */
  readonly addresses: readonly string[];
  readonly httpPort: number;
  /** Undefined: no TLS, everything on the HTTP port. */
  readonly https:
    | { readonly port: number; readonly cert: string; readonly key: string }
    | undefined;
  readonly sockets: NginxSockets;
  readonly page: NginxPage;
  /** The user, and perhaps group, of the workers when nginx is started by root. */
  readonly user: string | undefined;
  /** Where nginx keeps its pid and temporary files; it exists and is nginx's. */
  readonly runDir: string;
  /** Where a certificate robot puts its answers (ACME, RFC 8555). */
  readonly acmeRoot: string | undefined;
}

/** The files of a page: crashcart's own, or a tree that is laid out as PiKVM's. */
export type NginxPage =
  | { readonly kind: 'own'; readonly root: string }
  | { readonly kind: 'pikvm'; readonly root: string; readonly userCss: string };

// What Debian's own table calls otherwise, or not at all, and what pages are made of.
const TYPES = [
  'text/html html htm',
  'text/css css',
  'text/plain txt',
  'application/javascript js mjs',
  'application/json json map',
  'application/manifest+json webmanifest',
  'application/wasm wasm',
  'audio/mpeg mp3',
  'audio/ogg ogg',
  'font/ttf ttf',
  'font/woff woff',
  'font/woff2 woff2',
  'image/jpeg jpg jpeg',
  'image/png png',
  'image/svg+xml svg',
  'image/vnd.microsoft.icon ico',
  'image/webp webp',
];

/** The whole configuration, for `nginx -c`. */
export function nginxConfig(options: NginxOptions): string {
  const { user, runDir, sockets } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return nginxText([
    '# Written by `crashcart nginx --print`: change its options rather than this file.',
    ...(user === undefined ? [] : [`user ${user}`]),
    'worker_processes auto',
    `pid ${quoted(`${runDir}/nginx.pid`)}`,
    'error_log stderr',
    ['events', 'worker_connections 1024'],
    [
      'http',
      ...temporary.map((name) => `${name}_temp_path ${quoted(`${runDir}/${name}`)}`),
      ['types', ...TYPES],
      'default_type application/octet-stream',
      'charset utf-8',
      'access_log off',
      'server_tokens off',
      'sendfile on',
      'gzip_static on',
      'gzip_vary on',
      'absolute_redirect off',
      'keepalive_timeout 60s',
      'keepalive_requests 100000',
      'client_max_body_size 4k',
      upstream('core', sockets.core),
      ...(sockets.streamer ? [upstream('streamer', sockets.streamer)] : []),
      ...(sockets.media ? [upstream('media', sockets.media)] : []),
      ...(sockets.janus ? [upstream('janus', sockets.janus)] : []),
      ...servers(options),
    ],
  ]);
}

/** A service that went and came again is asked at once: it is never taken for dead. */
function upstream(name: string, path: string): NginxLine {
  return [
    `upstream ${name}`,
    `server ${quoted(`unix:${path}`)} max_fails=0`,
    'keepalive 32',
    'keepalive_requests 100000',
  ];
}

function servers({ addresses, httpPort, https, sockets, page, acmeRoot }: NginxOptions) {
  const acme: NginxLine[] = acmeRoot
    ? [
        [
          'location /.well-known/acme-challenge/',
          `root ${quoted(acmeRoot)}`,
          'default_type text/plain',
        ],
      ]
    : [];
  const listen = (port: number, flags = '') =>
    addresses.map(
      (address) => `listen ${address.includes(':') ? `[${address}]` : address}:${port}${flags}`,
    );
  const everything: readonly NginxLine[] = [
    ...apiLocations(sockets),
    ...(page.kind === 'own'
      ? ownPage(page.root, https !== undefined)
      : pikvmPage(page.root, page.userCss, https !== undefined)),
  ];
  if (https === undefined) {
    return [['server', ...listen(httpPort), ...acme, ...everything] satisfies NginxLine];
  }
  const port = https.port === 443 ? '' : `:${https.port}`;
  return [
    [
      'server',
      ...listen(httpPort),
      ...acme,
      ['location /', `return 301 https://$host${port}$request_uri`],
    ],
    ['server', ...listen(https.port, ' ssl http2'), ...tls(https), ...everything],
  ] satisfies NginxLine[];
}

function tls({ cert, key }: { readonly cert: string; readonly key: string }): readonly string[] {
  return [
    `ssl_certificate ${quoted(cert)}`,
    `ssl_certificate_key ${quoted(key)}`,
    'ssl_protocols TLSv1.2 TLSv1.3',
    'ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20',
    'ssl_session_cache shared:crashcart:1m',
    'ssl_session_timeout 1d',
    'ssl_session_tickets off',
  ];
}
