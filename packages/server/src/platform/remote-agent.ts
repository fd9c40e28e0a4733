import { Agent as HttpAgent } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent } from 'node:https';
import { connect as connectNet } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { refuseOther } from './pinned-certificate.ts';

/** Where a server is and how it proves who it is. */
export interface RemoteAddress {
  /** `http:` or `https:`; of a unix socket only the path counts. */
  readonly url: URL;
  /** Path of the unix socket; undefined for TCP. */
  readonly unix: string | undefined;
  /** Whether the chain of an https server's certificate is checked. */
  readonly verify: boolean;
  /** SHA-256 of its certificate, 32 bytes; it alone counts then. */
  readonly fingerprint: Uint8Array | undefined;
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** What makes the connections of `node:http`, and of whoever builds on it. */
export type RemoteAgent = HttpAgent;

/** Makes the connections to a server, one a request. */
export function remoteAgent(address: RemoteAddress): RemoteAgent {
  const { unix, url, verify, fingerprint } = address;
  if (unix !== undefined) return new UnixAgent(unix);
  if (url.protocol !== 'https:') return new HttpAgent();
  return fingerprint
    ? new PinnedAgent(fingerprint)
    : new HttpsAgent({ rejectUnauthorized: verify });
}

class UnixAgent extends HttpAgent {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override createConnection(): Duplex {
    return connectNet(this.#path);
  }
}

/** Nothing is sent, no password either, before the certificate was looked at. */
class PinnedAgent extends HttpsAgent {
  readonly #fingerprint: Buffer;

  constructor(fingerprint: Uint8Array) {
    super();
    this.#fingerprint = Buffer.from(fingerprint);
  }

  override createConnection(options: AgentOptions, connected?: Connected): undefined {
    const { host, port, servername } = options;
    const socket = connectTls({
      ...{ host: host ?? 'localhost', port: Number(port), rejectUnauthorized: false },
      ...(servername ? { servername } : {}),
    });
    const failed = (error: Error) => connected?.(error, socket);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      connected?.(refuseOther(socket, this.#fingerprint) ?? null, socket);
    });
    return undefined;
  }
}
