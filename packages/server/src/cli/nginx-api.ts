import type { NginxLine } from './nginx-text.ts';

/** The unix sockets behind nginx. */
export interface NginxSockets {
  /** Of crashcart. */
  readonly core: string;
  /** Of a µStreamer of its own; without it crashcart serves /streamer. */
  readonly streamer: string | undefined;
  /** Of a kvmd-media of its own; without it crashcart serves /api/media. */
  readonly media: string | undefined;
  /** Of a Janus of its own, which need not be there; without it crashcart serves /janus/ws. */
  readonly janus: string | undefined;
}

/** Asks the server who this is before the location is served. */
export const ASK = 'auth_request /auth_check';

/** What the configuration allows in the name of a machine; nothing of it is special in a pattern. */
export const MACHINE = '/m/[a-z][a-z0-9-]*';

/** What each request says of its client; crashcart believes it on its unix socket. */
const FORWARDED = [
  'proxy_http_version 1.1',
  'proxy_set_header Host $http_host',
  'proxy_set_header X-Real-IP $remote_addr',
  'proxy_set_header X-Scheme $scheme',
  'proxy_set_header X-Forwarded-Proto $scheme',
  'proxy_set_header X-Forwarded-Port $server_port',
  'proxy_set_header X-Forwarded-For $remote_addr',
];

const KEPT = [...FORWARDED, 'proxy_set_header Connection ""'];

const LONG = ['proxy_send_timeout 7d', 'proxy_read_timeout 7d'];

const SOCKET = [
  ...FORWARDED,
  'proxy_set_header Upgrade $http_upgrade',
  'proxy_set_header Connection upgrade',
  ...LONG,
];

const UNBUFFERED = [
  ...KEPT,
  'proxy_buffering off',
  'proxy_ignore_headers X-Accel-Buffering',
  'postpone_output 0',
  'tcp_nodelay on',
  ...LONG,
];

/** A body of any size, passed on while it comes. */
const BIG_BODY = [...KEPT, 'client_max_body_size 0', 'proxy_request_buffering off', ...LONG];

// Of the API, what does not just ask and answer.
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  '/api/ws': SOCKET,
  '/api/hid/print': BIG_BODY,
  '/api/msd/read': UNBUFFERED,
  '/api/msd/write_remote': UNBUFFERED,
  '/api/msd/write': BIG_BODY,
  '/api/log': UNBUFFERED,
  // An offer of a browser is larger than other bodies.
  '/api/media/whep': [...KEPT, 'client_max_body_size 64k'],
};

/**
 * The API, the streamer, media and Janus, of all machines. Paths go to crashcart as they are, for its
 * redirects to stay right; it checks who asks itself, except where `ASK` stands.
 */
export function apiLocations(sockets: NginxSockets): readonly NginxLine[] {
  return [
    [
      'location = /auth_check',
      'internal',
      ...KEPT,
      'proxy_set_header Content-Length ""',
      'proxy_pass_request_body off',
      'proxy_pass http://core/api/auth/check',
    ],
    ...Object.entries(SPECIAL).map(
      ([path, how]): NginxLine => [`location = ${path}`, ...how, 'proxy_pass http://core'],
    ),
    ['location = /api', ...KEPT, 'proxy_pass http://core'],
    ['location /api/', ...KEPT, 'proxy_pass http://core'],
    ['location /redfish', ...KEPT, 'proxy_pass http://core'],
    ...mediaLocations(sockets.media !== undefined),
    ...streamerLocations(sockets.streamer !== undefined),
    [
      'location = /janus/ws',
      ASK,
      ...SOCKET,
      `proxy_pass http://${sockets.janus ? 'janus/' : 'core'}`,
    ],
    ...machineLocations(),
  ];
}

/** PiKVM's service of its own knows its paths without the prefix. */
function mediaLocations(own: boolean): readonly NginxLine[] {
  return [
    ['location = /api/media/ws', ASK, ...SOCKET, `proxy_pass http://${own ? 'media/ws' : 'core'}`],
    ['location = /api/media', ASK, ...KEPT, `proxy_pass http://${own ? 'media/' : 'core'}`],
    ['location /api/media/', ASK, ...KEPT, `proxy_pass http://${own ? 'media/' : 'core'}`],
  ];
}

/** On its unix socket crashcart takes /streamer for a part of the API, as kvmd does. */
function streamerLocations(own: boolean): readonly NginxLine[] {
  const target = own ? 'streamer' : 'core/m/default/streamer';
  const back = own ? [] : ['proxy_redirect /m/default/ /'];
  return [
    [
      'location = /streamer',
      ASK,
      ...UNBUFFERED,
      ...back,
      `proxy_pass http://${target}${own ? '/' : ''}`,
    ],
    ['location /streamer/', ASK, ...UNBUFFERED, ...back, `proxy_pass http://${target}/`],
  ];
}

/** Below /m/ID/ each machine has the whole API. */
function machineLocations(): readonly NginxLine[] {
  return [
    ...Object.entries(SPECIAL).map(
      ([path, how]): NginxLine => [
        `location ~ ^${MACHINE}${path}$`,
        ...how,
        'proxy_pass http://core',
      ],
    ),
    [`location ~ ^${MACHINE}/(?:api/media|janus)/ws$`, ASK, ...SOCKET, 'proxy_pass http://core'],
    [`location ~ ^${MACHINE}/(?:api|redfish)(?:/|$)`, ...KEPT, 'proxy_pass http://core'],
    [`location ~ ^${MACHINE}/streamer(?:/|$)`, ASK, ...UNBUFFERED, 'proxy_pass http://core'],
  ];
}
