/** So many times a remote may send us elsewhere. */
export const MAX_REDIRECTS = 10;

/** There is nobody at this address, or no way to talk to them. */
export class UnreachableError extends Error {
  readonly host: string;
  readonly port: number;
  /** In words. */
  readonly reason: string;

  constructor(url: URL, cause: unknown) {
    super('The remote cannot be reached', { cause });
    this.host = url.hostname;
    this.port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    this.reason = reasonOf(cause);
  }
}

/** The remote answered, but not with what was asked for. */
export class DownloadRefusedError extends Error {
  readonly status: number;
  readonly reason: string;
  /** Without credentials. */
  readonly url: string;

  constructor(status: number, reason: string, url: URL) {
    super(`The remote answered ${status}`);
    this.status = status;
    this.reason = reason;
    this.url = withoutCredentials(url);
  }
}

/** The remote sends us round and round. */
export class RedirectsError extends Error {
  constructor() {
    super(`The remote redirects more than ${MAX_REDIRECTS} times`);
  }
}

/** The remote was silent for too long. */
export class DownloadTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`The remote was silent for ${timeoutMs / 1000} s`);
  }
}

/** What came is not what was announced. */
export class DownloadBrokenError extends Error {
  readonly reason: string | undefined;

  constructor(reason?: string, options?: ErrorOptions) {
    super(reason ?? 'The body ended too early', options);
    this.reason = reason;
  }
}

function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code === 'ECONNREFUSED' && address !== undefined) {
    return `Connect call failed ('${address}', ${port}${address.includes(':') ? ', 0, 0' : ''})`;
  }
  // Several addresses were tried: what happened to the first of them.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error.message;
}
