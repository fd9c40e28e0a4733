import type { WebSocket } from 'ws';

/** Pings a client, and ends it when it does not answer. */
export class Heartbeat {
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  readonly #answerMs: number;
  #deadline: NodeJS.Timeout | undefined;

  /** `everyMs` between two pings; the pong may take half of it, as recorded, unless told. */
  constructor(socket: WebSocket, everyMs: number, answerMs = everyMs / 2) {
    this.#socket = socket;
    this.#answerMs = answerMs;
    this.#timer = setInterval(() => this.#ping(), everyMs);
    socket.on('pong', () => {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    });
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#deadline);
  }

  #ping(): void {
    // A paused socket cannot hear the pong; its client is alive, it sent too much.
    if (this.#socket.isPaused) return;
    this.#socket.ping();
    this.#deadline ??= setTimeout(() => this.#socket.terminate(), this.#answerMs);
  }
}
