/** What the server said no to; `name` is the wire name of the error. */
export class RefusedError extends Error {
  override readonly name: string;
  /** HTTP status. */
  readonly status: number;
  /** From Retry-After, in s. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, name: string, message: string, retryAfterS?: number) {
    super(message);
    this.name = name;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** The server was not reached. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

const TIMEOUT_MS = 15_000;

/** The address of something of this machine, relative to the page (works below any prefix). */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** The same for a WebSocket. */
export function socketAddress(path: string): string {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Sends a request; throws UnreachableError or RefusedError. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path), { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch (cause) {
    throw new UnreachableError('The server was not reached', { cause });
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => '');
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw refusedError(
    response.status,
    text || response.statusText,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  );
}

/** The error that the text of an answer tells of. */
export function refusedError(status: number, text: string, retryAfterS?: number): RefusedError {
  try {
    const body: unknown = JSON.parse(text);
    const result = (body as { result?: { error?: unknown; error_msg?: unknown } }).result;
    const [name, message] = [String(result?.error), String(result?.error_msg)];
    return new RefusedError(status, name, message, retryAfterS);
  } catch {
    return new RefusedError(status, `HTTP ${status}`, text, retryAfterS);
  }
}

/** POST with parameters in the query string, as the PiKVM API takes them. */
export async function post(path: string, query: Readonly<Record<string, string>> = {}) {
  await request(`${path}?${new URLSearchParams(query)}`, { method: 'POST' });
}

/** As `post`, with the fields in the body: addresses are logged on the way, and may hold secrets. */
export async function postForm(path: string, fields: Readonly<Record<string, string>>) {
  await request(path, { method: 'POST', body: new URLSearchParams(fields) });
}
