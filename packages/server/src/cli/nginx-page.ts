import { PAGE_CSP } from '../frontends/http/page-files.ts';
import { ASK, MACHINE } from './nginx-api.ts';
import { type NginxLine, quoted } from './nginx-text.ts';

/** Who is not logged in comes to the login. */
const TO_LOGIN = 'error_page 401 403 = @login';
const LOGIN: NginxLine = ['location @login', 'return 302 /login'];

const NO_CACHE = 'add_header Cache-Control "no-store, no-cache, must-revalidate, max-age=0" always';
const HSTS = 'add_header Strict-Transport-Security "max-age=31536000" always';

/** The headers that our own server gives with its page. */
const SAFE = [
  `add_header Content-Security-Policy "${PAGE_CSP}"`,
  'add_header X-Content-Type-Options nosniff',
  'add_header X-Frame-Options DENY',
  'add_header Referrer-Policy no-referrer',
  'add_header Cross-Origin-Opener-Policy same-origin',
  'add_header Cross-Origin-Resource-Policy same-origin',
];

/**
 * crashcart's page: one document for all views, which shows a form to who is not logged in. Its
 * files are no secret; that of `/` asks for a login as PiKVM's does.
 */
export function ownPage(root: string, tls: boolean): readonly NginxLine[] {
  const safe = [...SAFE, ...(tls ? [HSTS] : [])];
  const view = [...safe, NO_CACHE, 'try_files /index.html =404'];
  const assets = [...safe, 'add_header Cache-Control "public, max-age=31536000, immutable"'];
  return [
    `root ${quoted(root)}`,
    LOGIN,
    ['location = /', ASK, TO_LOGIN, ...view],
    ['location = /kvm', ASK, TO_LOGIN, ...view],
    ['location = /login', ...view],
    ['location /', ASK, TO_LOGIN, ...safe, NO_CACHE],
    ['location /assets/', ...assets],
    ['location = /favicon.svg', ...safe],
    // Addresses in the page are relative, so a view is never below a slash.
    ['location = /login/', 'return 301 /login'],
    ['location = /kvm/', 'return 301 /kvm'],
    [`location ~ ^(?<machine>${MACHINE})$`, 'return 301 $machine/$is_args$args'],
    [`location ~ ^${MACHINE}/(?:kvm|login)?$`, ...view],
    [
      `location ~ ^${MACHINE}/(?<file>assets/.+|favicon\\.svg)$`,
      ...assets,
      'try_files /$file =404',
    ],
  ];
}

/** A page that is laid out as PiKVM's, and the two files that come from elsewhere. */
export function pikvmPage(root: string, userCss: string, tls: boolean): readonly NginxLine[] {
  const headers = [NO_CACHE, ...(tls ? [HSTS] : [])];
  const janus = ['janus', 'adapter'].map(
    (name): NginxLine => [
      `location = /share/js/kvm/${name}.js`,
      ASK,
      ...headers,
      `alias /usr/share/janus/javascript/${name}.js`,
    ],
  );
  return [
    `root ${quoted(root)}`,
    'index index.html',
    LOGIN,
    ['location /', ASK, TO_LOGIN, ...headers],
    ['location /login', ...headers],
    ['location /share', ...headers],
    ['location = /share/css/user.css', ...headers, `alias ${quoted(userCss)}`],
    ...janus,
    ['location = /favicon.ico', ...headers],
    ['location = /robots.txt', ...headers],
  ];
}
