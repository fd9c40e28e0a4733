import type { Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { StateCell, until } from '../../src/core/state.ts';
import { readTimeCodes } from './time-code.ts';

/** Colour of the corners of the picture that says why there is none. */
const NO_SIGNAL = { colour: [0x20, 0x1c, 0x18], tolerance: 10 };
const LIMIT_MS = 30_000;

/** From an act to its news, ms: by the event and by the picture. */
export interface SignalDelay {
  readonly event: number;
  readonly picture: number;
}

type Seen = { readonly online: boolean; readonly atMs: number };

/** Sees when the signal goes and comes, as a client of the events and a browser do. */
export class SignalWatch implements AsyncDisposable {
  readonly #event = new StateCell<Seen>({ online: false, atMs: 0 });
  readonly #picture = new StateCell<Seen>({ online: false, atMs: 0 });
  readonly #page: Page;
  readonly #socket: WebSocket;

  private constructor(page: Page, socket: WebSocket) {
    this.#page = page;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { event_type: type, event } = JSON.parse(String(data));
      if (type !== 'streamer' || event.streamer === undefined) return;
      const online = event.streamer?.source.online ?? false;
      if (online !== this.#event.value.online) this.#event.set({ online, atMs: Date.now() });
    });
  }

  /** `page` shows the picture on a canvas, and is closed in the end; resolves when there is a signal. */
  static async open(page: Page, url: string, headers: Record<string, string>) {
    const address = `${url.replace('http', 'ws')}api/ws?stream=1`;
    const watch = new SignalWatch(
      page,
      new WebSocket(address, { rejectUnauthorized: false, headers }),
    );
    await page.exposeFunction('signalSeen', (seen: Seen) => watch.#picture.set(seen));
    await page.evaluate(followPicture, NO_SIGNAL);
    await watch.#both(true);
    return watch;
  }

  /** Acts, and tells how long it takes until there is a signal, or none. */
  async time(online: boolean, act: () => unknown): Promise<SignalDelay> {
    const beganMs = Date.now();
    await act();
    const [event, picture] = await this.#both(online);
    return { event: event.atMs - beganMs, picture: picture.atMs - beganMs };
  }

  /** Resolves when so many pictures of a `CaptureDevice` were shown. */
  async pictures(count: number): Promise<void> {
    await readTimeCodes(this.#page, 'canvas.picture', count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.#page.close();
  }

  #both(online: boolean): Promise<readonly [Seen, Seen]> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const passes = (seen: Seen) => seen.online === online;
    return Promise.all([until(this.#event, passes, limit), until(this.#picture, passes, limit)]);
  }
}

/** Runs in the page: tells of each change between a picture and the one that says that there is none. */
function followPicture({ colour, tolerance }: typeof NO_SIGNAL): void {
  const { signalSeen } = window as Window & { signalSeen?: (seen: Seen) => void };
  const size = 100;
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no canvas');
  const corners = [2, size - 3].flatMap((x) => [2, size - 3].map((y) => [x, y] as const));
  const isColour = ([x, y]: readonly [number, number]) => {
    const pixel = context.getImageData(x, y, 1, 1).data;
    return colour.every((value, part) => Math.abs(value - (pixel[part] ?? 0)) <= tolerance);
  };
  let before: boolean | undefined;
  const look = () => {
    requestAnimationFrame(look);
    const element = document.querySelector<HTMLCanvasElement>('canvas.picture');
    // It is small before there is anything on it.
    if (element === null || element.width < size) return;
    context.drawImage(element, 0, 0, size, size);
    const online = !corners.every(isColour);
    if (online !== before) signalSeen?.({ online, atMs: Date.now() });
    before = online;
  };
  look();
}
