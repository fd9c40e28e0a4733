import type { SocketLike } from '@crashcart/api';
import { WebSocket } from 'ws';
import { StateCell } from '../../core/state.ts';
import type { RemoteAgent } from '../../platform/remote-agent.ts';

/** How long a connection may take, ms. */
const CONNECT_MS = 10_000;
/** How often a quiet remote is asked whether it is there, ms. */
const PING_MS = 5000;
/** A remote that says nothing for this long is gone, ms. */
const SILENT_MS = 15_000;
/** More than a whole state of 10,000 images has, bytes. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A WebSocket that knows what waits to be sent, and notices when its peer is gone. */
export class CountedSocket implements SocketLike {
  /** Messages that the system has not taken yet. */
  readonly waiting = new StateCell(0);
  /** Why it failed; undefined as long as it has not. */
  failure: Error | undefined;
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  #heardMs = performance.now();

  constructor(url: string, headers: Readonly<Record<string, string>>, agent: RemoteAgent) {
    const limits = { handshakeTimeout: CONNECT_MS, maxPayload: MAX_MESSAGE_BYTES };
    const socket = new WebSocket(url, { headers, agent, perMessageDeflate: false, ...limits });
    this.#socket = socket;
    const heard = () => {
      this.#heardMs = performance.now();
    };
    socket.on('message', heard);
    socket.on('pong', heard);
    socket.on('error', (error) => {
      this.failure ??= error;
    });
    this.#timer = setInterval(() => this.#ping(), PING_MS);
    socket.on('close', () => clearInterval(this.#timer));
  }

  get binaryType(): string {
    return this.#socket.binaryType;
  }

  set binaryType(type: string) {
    this.#socket.binaryType = type as WebSocket['binaryType'];
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.waiting.set(this.waiting.value + 1);
    this.#socket.send(data, () => this.waiting.set(this.waiting.value - 1));
  }

  /** At once: who is not there any more answers no close. */
  close(): void {
    clearInterval(this.#timer);
    this.#socket.terminate();
  }

  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'open' | 'close' | 'error' | 'message',
    listener: (event: { readonly data: unknown }) => void,
  ): void {
    this.#socket.addEventListener(type, listener as () => void);
  }

  #ping(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.#heardMs < SILENT_MS) this.#socket.ping();
    else {
      this.failure ??= new Error(`It was silent for ${SILENT_MS / 1000} s`);
      this.#socket.terminate();
    }
  }
}
