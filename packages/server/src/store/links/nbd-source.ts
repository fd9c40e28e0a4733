import type { Duplex } from 'node:stream';
import { anySignal } from '../../core/any-signal.ts';
import { connectTcp, secureSocket } from '../../platform/tcp-socket.ts';
import { connectUnix } from '../../platform/unix-socket.ts';
import { NbdClient, type NbdExportFacts } from '../../protocols/nbd/client.ts';
import { NbdError } from '../../protocols/nbd/wire.ts';
import { type BlockSource, SourceRefusedError } from './block-source.ts';
import { hostOf } from './link-url.ts';

/** How long a server may take until its export can be read, ms. */
const CONNECT_MS = 10_000;
const PORT = 10_809;

/**
 * An export of somebody's NBD server: `nbd://HOST[:PORT]/EXPORT`, `nbds://` with TLS, or
 * `nbd+unix:///EXPORT?socket=PATH`. Rejects as `BlockSource.read` does.
 */
export async function openNbdSource(
  url: URL,
  insecure: boolean,
  signal: AbortSignal,
): Promise<BlockSource> {
  const limit = anySignal([signal, AbortSignal.timeout(CONNECT_MS)]);
  const socket = await connect(url, limit);
  return await NbdSource.open(socket, { url, insecure, signal: limit });
}

function connect(url: URL, signal: AbortSignal): Promise<Duplex> {
  if (url.protocol !== 'nbd+unix:')
    return connectTcp(hostOf(url) || 'localhost', Number(url.port) || PORT, signal);
  const path = url.searchParams.get('socket');
  if (path) return connectUnix(path, signal);
  throw new SourceRefusedError('The address names no socket (nbd+unix:///EXPORT?socket=PATH)');
}

interface Reading {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** One connection: when it ends, all that was being read fails. */
class NbdSource implements BlockSource {
  readonly fileName: string;
  #facts: NbdExportFacts = { sizeBytes: 0, maxReadBytes: 0 };
  #socket: Duplex;
  readonly #client: NbdClient;
  readonly #readings = new Map<bigint, Reading>();
  #ended: Error | undefined;
  #ready: (error?: Error) => void = () => undefined;

  private constructor(socket: Duplex, secure: () => void, exportName: string, tls: boolean) {
    this.#socket = socket;
    this.fileName = exportName.slice(exportName.lastIndexOf('/') + 1);
    this.#client = new NbdClient(
      {
        secure,
        send: (bytes) => this.#socket.write(bytes),
        ready: (facts) => {
          this.#facts = facts;
          this.#ready();
        },
        data: (cookie, bytes) => this.#settle(cookie)?.resolve(bytes),
        failed: (cookie, error) =>
          this.#settle(cookie)?.reject(new Error(`The NBD server cannot read it (error ${error})`)),
      },
      { exportName, tls },
    );
  }

  /** Resolves when the export can be read. */
  static async open(
    socket: Duplex,
    { url, insecure, signal }: { url: URL; insecure: boolean; signal: AbortSignal },
  ): Promise<NbdSource> {
    const trust = insecure
      ? ({ kind: 'anybody', certificate: true } as const)
      : ({ kind: 'authorities' } as const);
    const secure = () => {
      socket.removeAllListeners('data');
      secureSocket(socket, hostOf(url) || 'localhost', trust, signal).then(
        (secured) => {
          source.#socket = secured;
          source.#listen();
          source.#client.secured();
        },
        (error: Error) => source.#end(error),
      );
    };
    const exportName = decodeURIComponent(url.pathname.replace(/^\//, ''));
    const source = new NbdSource(socket, secure, exportName, url.protocol === 'nbds:');
    const aborted = () => source.#end(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        source.#ready = (error) => (error ? reject(error) : resolve());
        source.#listen();
        if (signal.aborted) aborted();
      });
      return source;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  get facts() {
    return { size: this.#facts.sizeBytes, etag: '', lastModified: '' };
  }

  async read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const most = Math.max(1, this.#facts.maxReadBytes);
    for (let at = 0; at < length; at += most) {
      bytes.set(await this.#read(offset + at, Math.min(most, length - at), signal), at);
    }
    return bytes;
  }

  close(): void {
    if (!this.#ended) this.#client.disconnect();
    this.#end(new Error('The connection to the NBD server was closed'));
  }

  #read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal.aborted) return reject(signal.reason);
      // A server that does not answer in time is none.
      const aborted = () => this.#end(signal.reason);
      signal.addEventListener('abort', aborted, { once: true });
      const release = () => signal.removeEventListener('abort', aborted);
      const cookie = this.#client.read(offset, length);
      this.#readings.set(cookie, {
        resolve: (bytes) => {
          release();
          resolve(bytes);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      });
    });
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Uint8Array) => {
      try {
        this.#client.push(bytes);
      } catch (error) {
        const refused = error instanceof NbdError && this.#facts.sizeBytes === 0;
        this.#end(refused ? new SourceRefusedError(error.message, { cause: error }) : error);
      }
    });
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('The NBD server has closed the connection')));
  }

  #settle(cookie: bigint): Reading | undefined {
    const reading = this.#readings.get(cookie);
    this.#readings.delete(cookie);
    return reading;
  }

  #end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = reason instanceof Error ? reason : new Error(String(reason));
    this.#socket.end();
    this.#socket.destroy();
    this.#ready(this.#ended);
    for (const { reject } of this.#readings.values()) reject(this.#ended);
    this.#readings.clear();
  }
}
