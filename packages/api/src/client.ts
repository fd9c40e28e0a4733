import type { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { ArgumentsOf, Operation, ResultOf } from './contract.ts';
import { EVENTS, type ServerEvent } from './events.ts';
import { OPERATIONS, type OperationName, type Operations } from './operations/index.ts';
import { type SocketLike, type SocketStream, streamOf } from './socket-stream.ts';

/** How to reach a server. */
export interface ClientOptions {
  /** Where the server is, without /api; it may have a path: `https://host/m/lab1`. */
  readonly baseUrl: string;
  /**
   * Sent with each request but after a login (`authLogin`), which has a session instead. Browsers
   * leave it out: they keep the cookie of the login themselves.
   */
  readonly credentials?: {
    readonly user: string;
    readonly passwd: string;
    /** The current 2FA code, appended to the password. Asked anew for each request. */
    readonly totp?: () => string;
  };
  /** Replaces the global one. */
  readonly fetch?: typeof fetch;
  /** Makes a WebSocket; the default is the global one, which cannot send headers. */
  readonly webSocket?: (url: string, headers: Readonly<Record<string, string>>) => SocketLike;
}

/** A body that comes in pieces, with its size in bytes. For Node: browsers send none over HTTP/1. */
export interface SizedStream {
  readonly size: number;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * For the operations with a text or binary body. A Blob is sent piece by piece: a File in the
   * browser, `fs.openAsBlob` in Node.
   */
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob | SizedStream;
  /** Hears the headers of a good answer, before its result is read. */
  readonly onHeaders?: (headers: Headers) => void;
}

/** Events of the server, and the way for keyboard and mouse. */
export interface EventStream extends SocketStream<ServerEvent> {
  /** Sends an input event as JSON. */
  send(eventType: string, event: object): void;
  /** Sends a binary frame; see frames.ts. */
  sendFrame(frame: Uint8Array<ArrayBuffer>): void;
}

/** The arguments may be left out where none is required. */
export type CallArguments<A> =
  Record<never, never> extends A
    ? [args?: A, options?: CallOptions]
    : [args: A, options?: CallOptions];

/** The HTTP API of a server, typed by the contract. */
export interface Client {
  /** Calls an operation. Throws ApiError, or what `fetch` throws when there is no answer. */
  call<N extends OperationName>(
    name: N,
    ...rest: CallArguments<ArgumentsOf<Operations[N]['params']>>
  ): Promise<ResultOf<Operations[N]>>;
  /** Opens /ws; `stream` counts this client as a viewer. */
  events(options?: { readonly stream?: boolean }): EventStream;
  /**
   * Opens /media/ws: with `jpeg` each message is a picture, with `h264` and `tiles` see what the
   * server says of them. Which there are tells the operation `media`.
   */
  video(format: 'jpeg' | 'h264' | 'tiles'): SocketStream<Uint8Array>;
}

/** Makes a client for crashcart or PiKVM; it connects when it is used. */
export function createClient(options: ClientOptions): Client {
  const base = `${options.baseUrl.replace(/\/+$/, '')}/api`;
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  // Browsers keep the cookie of a login to themselves, and send it.
  let session: string | undefined;
  const headers = () => authHeaders(options, session);
  const openSocket = (path: string) => {
    const url = new URL(`${base}${path}`, globalThis.location?.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const open = options.webSocket ?? ((at: string) => new WebSocket(at) as SocketLike);
    return open(url.href, headers());
  };
  return {
    async call(name, ...[args, { signal, body, onHeaders } = {}]) {
      const operation: Operation = OPERATIONS[name];
      const fields = encodeFields(args ?? {});
      const isForm = operation.body === 'form';
      const query = isForm || fields.size === 0 ? '' : `?${fields}`;
      const response = await send(`${base}${operation.path}${query}`, {
        method: operation.method,
        ...(isForm ? { body: fields } : bodyOf(body)),
        headers: {
          ...headers(),
          ...lengthOf(body),
          ...(operation.body === 'sdp' ? { 'Content-Type': 'application/sdp' } : {}),
        },
        ...(signal && { signal }),
      });
      if (response.ok) onHeaders?.(response.headers);
      const result = (await resultOf(response, operation)) as ResultOf<Operations[typeof name]>;
      if (name === 'authLogin') session = sessionIn(response);
      if (name === 'authLogout') session = undefined;
      return result;
    },
    events({ stream = true } = {}) {
      return streamEvents(openSocket(`/ws?stream=${stream ? 1 : 0}`));
    },
    video(format) {
      return streamOf(openSocket(`/media/ws?video=${format}`), (data) =>
        data instanceof ArrayBuffer ? new Uint8Array(data) : undefined,
      );
    },
  };
}

function isSized(body: CallOptions['body']): body is SizedStream {
  return typeof body === 'object' && 'stream' in body && typeof body.stream === 'object';
}

function bodyOf(body: CallOptions['body']): RequestInit {
  // Without `duplex` no body of pieces is taken; the types of the browser do not know it yet.
  if (isSized(body)) return { body: body.stream, duplex: 'half' } as RequestInit;
  return body === undefined ? {} : { body };
}

function lengthOf(body: CallOptions['body']): Record<string, string> {
  return isSized(body) ? { 'content-length': String(body.size) } : {};
}

/** The cookie that a login set, where it may be read. */
function sessionIn({ headers }: Response): string | undefined {
  const cookies = headers.getSetCookie?.() ?? [];
  return cookies
    .map((cookie) => cookie.split(';')[0])
    .find((pair) => /^auth_token=/.test(pair ?? ''));
}

function authHeaders(
  { credentials }: ClientOptions,
  session: string | undefined,
): Record<string, string> {
  if (session !== undefined) return { Cookie: session };
  if (!credentials) return {};
  const { user, passwd, totp } = credentials;
  return { 'X-KVMD-User': user, 'X-KVMD-Passwd': passwd + (totp?.() ?? '') };
}

function encodeFields(args: object): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    if (value === undefined) continue;
    // PiKVM takes 1 and 0 in every version, and lists as one text with commas.
    fields.set(name, typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  }
  return fields;
}

async function resultOf(response: Response, { answer }: Operation): Promise<unknown> {
  if (!response.ok) throw await errorOf(response);
  switch (answer.kind) {
    case 'bytes':
      return new Uint8Array(await response.arrayBuffer());
    case 'stream':
      return piecesOf(response);
    case 'lines':
      return resultsOf(response, answer.result);
    case 'json':
      return resultIn(await response.json(), answer.result, response.status);
  }
}

function resultIn(envelope: unknown, type: z.ZodType, status: number): unknown {
  const parsed = type.safeParse(isRecord(envelope) ? envelope.result : undefined);
  if (parsed.success) return parsed.data;
  throw new ApiError('ContractError', status, `Not an expected answer: ${parsed.error}`);
}

/** The bytes of a body as they come; who stops reading ends the request. */
async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The results of the lines of a body; throws the ApiError that a line tells of. */
async function* resultsOf(response: Response, type: z.ZodType): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of piecesOf(response)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      const envelope = parseRecord(line);
      if (envelope?.ok !== true) throw errorIn(envelope, response.status, line);
      yield resultIn(envelope, type, response.status);
    }
  }
  // PiKVM's own lines may be cut off in the middle.
  if (rest.trim() !== '')
    throw new ApiError('HttpError', response.status, 'The answer was cut off');
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  return errorIn(parseRecord(text), response.status, text || response.statusText);
}

function errorIn(
  envelope: Record<string, unknown> | undefined,
  status: number,
  text: string,
): ApiError {
  const result = envelope?.result;
  if (isRecord(result) && typeof result.error === 'string') {
    return new ApiError(result.error, status, String(result.error_msg));
  }
  return new ApiError('HttpError', status, text);
}

function streamEvents(socket: SocketLike): EventStream {
  const stream = streamOf(socket, (data) =>
    typeof data === 'string' ? parseEvent(data) : undefined,
  );
  return {
    ...stream,
    send: (eventType, event) => socket.send(JSON.stringify({ event_type: eventType, event })),
    sendFrame: (frame) => socket.send(frame),
  };
}

/** A known event, or undefined: newer servers may send events that this contract lacks. */
function parseEvent(text: string): ServerEvent | undefined {
  const message = parseRecord(text);
  const type = message?.event_type;
  if (typeof type !== 'string' || !Object.hasOwn(EVENTS, type)) return undefined;
  const event = EVENTS[type as keyof typeof EVENTS].safeParse(message?.event);
  // Partial events of gpio and msd hold parts of parts, which the whole schemas do not describe.
  return { event_type: type, event: event.success ? event.data : message?.event } as ServerEvent;
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
