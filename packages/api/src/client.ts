import type { ArgumentsOf, Operation, ResultOf } from './contract.ts';
import { EVENTS, type ServerEvent } from './events.ts';
import { OPERATIONS, type OperationName, type Operations } from './operations/index.ts';

/** A failed call: `name` is the error of the server, or `HttpError` for a plain-text answer. */
export class ApiError extends Error {
  override readonly name: string;
  /** HTTP status. */
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** How to reach a server. */
export interface ClientOptions {
  /** Where the server is, without /api; it may have a path: `https://host/m/lab1`. */
  readonly baseUrl: string;
  /** Sent with each request (Node); browsers leave it out and use the cookie of the login. */
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

/** What the client needs of a WebSocket: the browser's has it, and the one of `ws`. */
export interface SocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For the operations with a text or binary body. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Events of the server, until it closes or the reader stops; reconnecting is the reader's matter. */
export interface EventStream extends AsyncIterable<ServerEvent> {
  /** Resolves when it is connected; rejects when it cannot be. */
  readonly opened: Promise<void>;
  /** Sends an input event as JSON. */
  send(eventType: string, event: object): void;
  /** Sends a binary frame; see frames.ts. */
  sendFrame(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
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
}

/** Makes a client for crashcart or PiKVM; it connects when it is used. */
export function createClient(options: ClientOptions): Client {
  const base = `${options.baseUrl.replace(/\/+$/, '')}/api`;
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  return {
    async call(name, ...[args, { signal, body } = {}]) {
      const operation: Operation = OPERATIONS[name];
      const fields = encodeFields(args ?? {});
      const isForm = operation.body === 'form';
      const query = isForm || fields.size === 0 ? '' : `?${fields}`;
      const response = await send(`${base}${operation.path}${query}`, {
        method: operation.method,
        headers: authHeaders(options),
        ...(isForm ? { body: fields } : body !== undefined && { body }),
        ...(signal && { signal }),
      });
      return (await resultOf(response, operation)) as ResultOf<Operations[typeof name]>;
    },
    events({ stream = true } = {}) {
      const url = new URL(`${base}/ws?stream=${stream ? 1 : 0}`, globalThis.location?.href);
      url.protocol = url.protocol.replace('http', 'ws');
      const open = options.webSocket ?? ((at: string) => new WebSocket(at) as SocketLike);
      return streamEvents(open(url.href, authHeaders(options)));
    },
  };
}

function authHeaders({ credentials }: ClientOptions): Record<string, string> {
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
  if (answer.kind === 'bytes') return new Uint8Array(await response.arrayBuffer());
  const envelope: unknown = await response.json();
  const parsed = answer.result.safeParse(isRecord(envelope) ? envelope.result : undefined);
  if (parsed.success) return parsed.data;
  throw new ApiError('ContractError', response.status, `Not an expected answer: ${parsed.error}`);
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const result = parseRecord(text)?.result;
  if (isRecord(result) && typeof result.error === 'string') {
    return new ApiError(result.error, response.status, String(result.error_msg));
  }
  return new ApiError('HttpError', response.status, text || response.statusText);
}

function streamEvents(socket: SocketLike): EventStream {
  const queue: ServerEvent[] = [];
  let isClosed = false;
  let wake = () => {};
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', resolve);
    const failed = () => {
      isClosed = true;
      wake();
      reject(new ApiError('HttpError', 0, 'The connection was refused or lost'));
    };
    socket.addEventListener('error', failed);
    socket.addEventListener('close', failed);
  });
  // A reader that only iterates sees the end of the iteration instead.
  opened.catch(() => undefined);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    const event = typeof data === 'string' ? parseEvent(data) : undefined;
    if (!event) return;
    queue.push(event);
    wake();
  });
  return {
    opened,
    send: (eventType, event) => socket.send(JSON.stringify({ event_type: eventType, event })),
    sendFrame: (frame) => socket.send(frame),
    close: () => socket.close(),
    async *[Symbol.asyncIterator]() {
      try {
        while (true) {
          for (let next = queue.shift(); next; next = queue.shift()) yield next;
          if (isClosed) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        socket.close();
      }
    },
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
