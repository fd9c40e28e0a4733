import { WebSocket } from 'ws';
import { StateCell, until } from '../../src/core/state.ts';
import { PASSWORD } from './page-rig.ts';

const LIMIT_MS = 30_000;

/** The sizes of the picture that a client of the events is told of. */
export class SizeEvents implements Disposable {
  readonly #size = new StateCell('');
  readonly #socket: WebSocket;
  #atMs = 0;

  constructor(url: string) {
    const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`;
    const options = { rejectUnauthorized: false, headers: { authorization } };
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}api/ws?stream=1`, options);
    this.#socket.on('error', () => {});
    this.#socket.on('message', (data) => {
      const { event_type: type, event } = JSON.parse(String(data));
      const source = type === 'streamer' ? event.streamer?.source : undefined;
      const size = source?.online ? `${source.resolution.width}x${source.resolution.height}` : '';
      if (type !== 'streamer' || size === this.#size.value) return;
      this.#atMs = Date.now();
      this.#size.set(size);
    });
  }

  /** Resolves when the picture has this size, px, with when that was told, ms since 1970. */
  async until(width: number, height: number): Promise<number> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    await until(this.#size, (size) => size === `${width}x${height}`, limit);
    return this.#atMs;
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}
