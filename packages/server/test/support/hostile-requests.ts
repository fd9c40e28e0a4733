import { OPERATIONS, type Operation, type OperationName } from '@crashcart/api';
import fc from 'fast-check';
import { hostileText, valuesOf } from './hostile-values.ts';

export type Field = readonly [name: string, value: string];

/** A request as it goes over the wire. */
export interface HostileRequest {
  /** The operation that it was made from. */
  readonly name: OperationName;
  readonly method: string;
  /** What stands in the request line. */
  readonly target: string;
  readonly headers: readonly Field[];
  readonly body: Buffer | undefined;
  readonly chunked: boolean;
  /** Whether it carries the session of the one who sends it. */
  readonly loggedIn: boolean;
  /** What is odd about it besides its parameters. */
  readonly oddity: Oddity;
}

export type Oddity =
  | 'none'
  | 'method'
  | 'path'
  | 'query'
  | 'credentials'
  | 'header'
  | 'body'
  | 'elsewhere';

type OddityOfOperation = Exclude<Oddity, 'elsewhere'>;

const METHODS = ['GET', 'POST', 'DELETE', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'];
const TYPES = [
  ...[
    'text/plain',
    'text/plain; charset=latin-1',
    'text/plain; charset="utf-16le"',
    'a/b; charset=',
  ],
  ...['text/plain; charset=nope', 'application/json', 'multipart/form-data; boundary=X', 'x', ''],
  ...['multipart/form-data', 'application/octet-stream', 'application/x-www-form-urlencoded'],
];
const CREDENTIALS: readonly Field[] = [
  ['X-KVMD-User', 'nobody'],
  ['X-KVMD-User', 'Ä'],
  ['X-KVMD-User', 'x'.repeat(2000)],
  ['Authorization', 'Basic bm9ib2R5OnB3'],
  ['Authorization', 'Basic !!!!'],
  ['Authorization', 'Basic YQ=='],
  ['Authorization', 'Bearer x'],
  ['Cookie', 'auth_token='],
  ['Cookie', 'auth_token="'],
  ['Cookie', `auth_token=${'0'.repeat(64)}`],
  ['Cookie', `x=y; auth_token=${'F'.repeat(5000)}; auth_token=1`],
  ['Cookie', '=;;;=auth_token'],
];
const HEADERS: readonly Field[] = [
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['Expect', '100-continue'],
  ['Expect', 'miracles'],
  ['Connection', 'close'],
  ['Connection', 'Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk'],
  ['Upgrade', 'websocket'],
  ['Host', 'evil.example'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Real-IP', '10.0.0.1'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-For', '1.2.3.4, '.repeat(50)],
  ['Accept', 'application/xml'],
  ['Accept-Encoding', 'gzip;q=nope, br'],
  ['Range', 'bytes=5-1'],
  ['If-None-Match', '*'],
  ['User-Agent', `\xe4\xff${'x'.repeat(3000)}`],
  ['__proto__', 'x'],
  ['Content-Encoding', 'gzip'],
  ['Keep-Alive', 'timeout=-1'],
  ['X-Long', 'x'.repeat(20_000)],
  ['Bad Name', 'x'],
  ['X-Zero', 'a\0b'],
  ['X-Many', `1${'\r\nX-Many: 1'.repeat(500)}`],
  ['Content-Length', '-1'],
  ['Transfer-Encoding', 'gzip, chunked'],
  ['X-Folded', 'a\r\n b'],
];

/** What may be done to the path of an operation. */
const PATHS: readonly ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => path.toUpperCase(),
  (path) => path.replace('/api', ''),
  (path) => path.replace('/api', '/api/api'),
  (path) => `/m/default${path}`,
  (path) => `/m/nobody${path}`,
  (path) => `/m/%64efault${path}`,
  (path) => `/m/%ff${path}`,
  (path) => `/m/__proto__${path}`,
  (path) => path.replace('/api/', '/api/%2e%2e/api/'),
  (path) => path.replace('/api/', '/api/../api/'),
  (path) => path.replace('/api/', '/api/./'),
  (path) => path.replaceAll('/', '%2f'),
  (path) => path.replaceAll('/', '\\'),
  (path) => `${path};jsessionid=1`,
  (path) => `${path}%00`,
  (path) => `${path}\0`,
  (path) => `${path} `,
  (path) => `${path}#x`,
  (path) => `${path}%`,
  (path) => `http://evil.example${path}`,
  (path) => `http://[::1${path}`,
  (path) => path.slice(1),
  (path) => `${path}/x`,
  (path) => `${path}${'/x'.repeat(3000)}`,
  () => '*',
  () => '/api',
  () => '/api/ws',
  () => '/api/media/ws?video=nope',
  () => '/api/openapi.json',
  () => '/redfish/v1/Systems/../../..',
  () => '/streamer/%2e%2e/state',
  () => '/?',
  () => '/__proto__/constructor',
];

const BODIES: readonly Buffer[] = [
  '',
  '{"user":',
  '[]',
  'null',
  '{"user": "admin", "passwd": {"a": 1}}',
  '{"__proto__": {"user": "admin"}, "constructor": 1}',
  '['.repeat(100_000),
  '{"a":'.repeat(20_000),
  '--X\r\nContent-Disposition: form-data; name="user"\r\n\r\nadmin\r\n--X--\r\n',
  '--X\r\nContent-Disposition: form-data; name="user"; filename="x"\r\n\r\nadmin\r\n--X--\r\n',
  '--X\r\nbroken',
  `--X\r\n${'A: b\r\n'.repeat(3000)}`,
  `user=${'&user='.repeat(5000)}`,
  'user=%ff%fe&passwd=%',
  '\ud800 \u{1f4a9} text',
]
  .map((text) => Buffer.from(text))
  .concat(Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.alloc(1_100_000, 'x'));

/** After each character: at most, and when it is to be slow, s. */
const MOST_DELAY_S = 5;
const SLOW_S = 0.02;
/** So long a text may be typed, s. */
const TYPING_S = 0.3;

/** These cost more than all others together, so they are asked for less. */
const STARTS_PROGRAMS: ReadonlySet<OperationName> = new Set(['streamerOcr', 'msdRead']);

/** Requests for every operation of the contract; `urls` are what may be fetched. */
export function hostileRequests(urls: readonly string[]): fc.Arbitrary<HostileRequest> {
  const names = Object.keys(OPERATIONS) as OperationName[];
  const weighted = names.map((name) => ({
    weight: STARTS_PROGRAMS.has(name) ? 1 : 8,
    arbitrary: requestsOf(name, urls),
  }));
  return fc.oneof(...weighted);
}

function requestsOf(name: OperationName, urls: readonly string[]): fc.Arbitrary<HostileRequest> {
  const operation: Operation = OPERATIONS[name];
  const oddity = fc.oneof(
    { weight: 14, arbitrary: fc.constant<OddityOfOperation>('none') },
    ...(['method', 'path', 'query', 'credentials', 'header', 'body'] as const).map((odd) => ({
      weight: 1,
      arbitrary: fc.constant<OddityOfOperation>(odd),
    })),
  );
  return fc
    .record({ fields: fieldsOf(operation, urls), oddity, loggedIn: mostly })
    .chain(({ fields, oddity: odd, loggedIn }) =>
      oddities(operation, odd).map((twist) =>
        assemble(name, operation, { fields, odd, loggedIn, twist }),
      ),
    );
}

const mostly = fc.integer({ min: 0, max: 19 }).map((value) => value > 0);

/** What replaces the usual of a request. */
interface Twist {
  readonly method?: string;
  readonly path?: (path: string) => string;
  readonly query?: string;
  readonly headers?: readonly Field[];
  readonly body?: Buffer;
  readonly chunked?: boolean;
}

function oddities({ body }: Operation, odd: OddityOfOperation): fc.Arbitrary<Twist> {
  switch (odd) {
    case 'none':
      return body === 'none' || body === 'form' ? fc.constant({}) : usualBody(body);
    case 'method':
      return fc.constantFrom(...METHODS).map((method) => ({ method }));
    case 'path':
      return fc.constantFrom(...PATHS).map((path) => ({ path }));
    case 'query':
      return hostileText.map((text) => ({ query: encodeSome(text) }));
    case 'credentials':
      return fc.constantFrom(...CREDENTIALS).map((header) => ({ headers: [header] }));
    case 'header':
      return fc
        .subarray([...HEADERS], { minLength: 1, maxLength: 2 })
        .map((headers) => ({ headers }));
    case 'body':
      return fc.record({
        body: fc.constantFrom(...BODIES),
        headers: fc.constantFrom(...TYPES).map((type) => [['Content-Type', type]] as const),
        chunked: fc.boolean(),
      });
  }
}

function usualBody(kind: 'text' | 'binary' | 'sdp'): fc.Arbitrary<Twist> {
  if (kind === 'binary') {
    return fc.uint8Array({ maxLength: 600 }).map((bytes) => ({ body: Buffer.from(bytes) }));
  }
  return hostileText.map((text) => ({ body: Buffer.from(text) }));
}

function fieldsOf({ params }: Operation, urls: readonly string[]): fc.Arbitrary<readonly Field[]> {
  const each = Object.entries(params).map(([name, param]) => {
    const values = valuesOf(name, param, urls);
    const one = values.map((value): Field[] => [[name, value]]);
    const many = fc.array(values, { minLength: 2, maxLength: 3 });
    const none = { weight: param.presence === 'required' ? 1 : 10, arbitrary: fc.constant([]) };
    return fc.oneof(
      { weight: 20, arbitrary: one },
      { weight: 1, arbitrary: many.map((texts) => texts.map((text): Field => [name, text])) },
      none,
    );
  });
  const strange = fc.oneof(
    { weight: 20, arbitrary: fc.constant<Field[]>([]) },
    { weight: 1, arbitrary: fc.tuple(hostileText, hostileText).map((field): Field[] => [field]) },
  );
  return fc.tuple(strange, ...each).map((parts) => parts.flat());
}

function assemble(
  name: OperationName,
  operation: Operation,
  given: { fields: readonly Field[]; odd: Oddity; loggedIn: boolean; twist: Twist },
): HostileRequest {
  const { fields, odd, loggedIn, twist } = given;
  const text = fields.map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&');
  const isForm = operation.body === 'form';
  const query = twist.query ?? (isForm ? '' : text);
  const path = twist.path?.(`/api${operation.path}`) ?? `/api${operation.path}`;
  const whole = twist.body ?? (isForm ? Buffer.from(text) : undefined);
  const body = name === 'hidPrint' ? whole?.subarray(0, quickLength(fields)) : whole;
  const formType: Field[] =
    isForm && odd !== 'body' ? [['Content-Type', 'application/x-www-form-urlencoded']] : [];
  const request: HostileRequest = {
    name,
    method: twist.method ?? operation.method,
    target: query === '' || path.includes('?') ? path : `${path}?${query}`,
    headers: [...formType, ...(twist.headers ?? [])],
    body,
    chunked: twist.chunked ?? false,
    loggedIn: loggedIn && odd !== 'credentials',
    oddity: odd,
  };
  return Object.assign(request, { [fc.toStringMethod]: () => shown(request) });
}

/** Typing 100,000 characters slowly is right, but nobody waits for it; in bytes. */
function quickLength(fields: readonly Field[]): number | undefined {
  const told = (name: string) => fields.filter(([each]) => each === name).map(([, value]) => value);
  const delays = told('delay').map((value) => Number(value));
  // Whatever is no number to us may be one to the server.
  const longest = Math.max(0, ...delays.map((s) => (Number.isNaN(s) ? MOST_DELAY_S : s)));
  const perCharacterS = told('slow').length > 0 ? Math.max(longest, SLOW_S) : longest;
  return perCharacterS > 0 ? Math.max(1, Math.floor(TYPING_S / perCharacterS)) : undefined;
}

/** What a failure tells of a request: enough to write a test of it. */
export function shown({
  method,
  target,
  headers,
  body,
  chunked,
  loggedIn,
}: HostileRequest): string {
  const cut = (text: string) =>
    text.length > 400 ? `${text.slice(0, 400)}… (${text.length})` : text;
  const said = headers.map(([name, value]) => `${name}: ${cut(value)}`).join('; ');
  const content = body && `${chunked ? 'chunked ' : ''}${cut(JSON.stringify(body.toString()))}`;
  return `${method} ${cut(target)} [${loggedIn ? 'session' : 'nobody'}; ${said}] ${content ?? ''}`;
}

/** As a browser would; a half of a surrogate pair becomes what it becomes in UTF-8. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Leaves all as it is that does not end the request line. */
function encodeSome(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[\r\n #]/g, '%');
}
