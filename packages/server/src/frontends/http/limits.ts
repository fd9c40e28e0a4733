/** What a client may use up. Times in ms, sizes in bytes. */
export interface HttpLimits {
  /** Largest body that is read. */
  readonly bodyBytes: number;
  /** Largest request line with headers. */
  readonly headerBytes: number;
  /** Until the headers are complete; a slower client gets 408. */
  readonly headersTimeoutMs: number;
  /** Until the body is complete, for an upload until more of it comes; a slower client gets 408. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  /** Open connections of one address; more are closed at once. Trusted proxies are not counted. */
  readonly connectionsPerAddress: number;
  /** Requests of one client that are being answered, streams included; more get 503. */
  readonly requestsPerAddress: number;
  /** Between two pings of a WebSocket; one that does not answer for half of it is closed. */
  readonly heartbeatMs: number;
  /** How long a graceful close waits for what is under way. */
  readonly closeMs: number;
}

/** Generous for people and scripts, small enough that one address cannot use up the server. */
export const HTTP_LIMITS: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 72_000,
  connectionsPerAddress: 128,
  requestsPerAddress: 64,
  heartbeatMs: 15_000,
  closeMs: 3_000,
};
