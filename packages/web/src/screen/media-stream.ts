import type { MediaState } from '@crashcart/api';
import { socketAddress } from '../api.ts';
import { backoffMs } from '../state/backoff.ts';
import { link } from '../state/connection.ts';
import { paintH264 } from './h264-painter.ts';
import type { Painter, PainterPort } from './painter.ts';
import type { PathTrouble, VideoPath } from './paths.ts';
import { drawnFps } from './picture-state.ts';
import { StreamCounter, streamFigures } from './stream-figures.ts';
import { paintTiles } from './tile-painter.ts';

/** The formats of the media socket that are drawn on the canvas. */
export type CanvasPath = Exclude<VideoPath, 'webrtc' | 'mjpeg'>;

const PING = new Uint8Array([0]);
const ASK_FOR_KEY = new Uint8Array([1]);
const SECOND_MS = 1_000;
const SILENCE_LIMIT_MS = 6_000;
const PONG = 0xff;

const PAINTERS: Readonly<Record<CanvasPath, (port: PainterPort) => Painter>> = {
  tiles: paintTiles,
  h264: paintH264,
};

/** So many connections in a row may end before they told anything. */
const SILENT_TRIES = 3;
/** So many pictures in a row may fail to be drawn. */
const UNDRAWN_LIMIT = 3;

/** What the owner of the canvas is told. */
export interface MediaStreamListener {
  /** Another way must be taken. */
  unavailable(trouble: PathTrouble): void;
  /** The picture comes (0), or so many tries were made to get it back. */
  trying(attempt: number): void;
  /** Each tile is the whole picture. */
  whole(): void;
}

/** Draws the machine's picture on the canvas, connecting again after losses, until stopped. */
export function streamMedia(
  canvas: HTMLCanvasElement,
  format: CanvasPath,
  on: MediaStreamListener,
): () => void {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let silent = 0;
  const connect = () => {
    timer = undefined;
    stop = openStream(canvas, format, {
      unavailable: on.unavailable,
      whole: on.whole,
      told: () => {
        silent = 0;
      },
      running: () => {
        if (attempt > 0) on.trying(0);
        attempt = 0;
      },
      closed: () => {
        stop = undefined;
        // A server that is away says nothing about its sockets.
        if (link.peek().kind === 'open') {
          silent += 1;
          if (silent === SILENT_TRIES) {
            on.unavailable('refused');
            return;
          }
        }
        attempt += 1;
        on.trying(attempt);
        timer = setTimeout(connect, backoffMs(attempt));
      },
    });
  };
  // Once the server is back there is no reason to wait.
  const unfollow = link.subscribe(({ kind }) => {
    if (kind !== 'open' || timer === undefined) return;
    clearTimeout(timer);
    connect();
  });
  connect();
  return () => {
    unfollow();
    clearTimeout(timer);
    stop?.();
  };
}

/** The ways that the server offers now: undefined when it cannot be told. */
export function probePaths(): Promise<readonly VideoPath[] | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(socketAddress('api/media/ws'));
    const timer = setTimeout(() => socket.close(), SILENCE_LIMIT_MS);
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const offered = typeof data === 'string' ? offeredPaths(data) : undefined;
      if (offered === undefined) return;
      resolve(offered);
      socket.close();
    });
    socket.addEventListener('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

interface StreamListener extends Pick<MediaStreamListener, 'unavailable' | 'whole'> {
  /** The server said something. */
  told(): void;
  running(): void;
  closed(): void;
}

function openStream(canvas: HTMLCanvasElement, format: CanvasPath, on: StreamListener): () => void {
  const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
  const socket = new WebSocket(socketAddress('api/media/ws'));
  socket.binaryType = 'arraybuffer';
  const counter = new StreamCounter(performance.now());
  let undrawn = 0;
  let ended = false;
  let heardAt = performance.now();

  const painter = PAINTERS[format]({
    context,
    ended: () => ended,
    drew: () => {
      counter.drew();
      undrawn = 0;
    },
    dropped: (pictures) => counter.dropped(pictures),
    askForKey: () => {
      if (socket.readyState === WebSocket.OPEN) socket.send(ASK_FOR_KEY);
    },
    failed: () => {
      undrawn += 1;
      if (undrawn >= UNDRAWN_LIMIT) giveUp('not drawn');
    },
  });
  const end = (tell: boolean) => {
    if (ended) return;
    ended = true;
    clearInterval(tick);
    painter.close();
    drawnFps.value = undefined;
    streamFigures.value = undefined;
    socket.close();
    if (tell) on.closed();
  };
  const giveUp = (trouble: PathTrouble) => {
    if (ended) return;
    end(false);
    on.unavailable(trouble);
  };
  const tick = setInterval(() => {
    const now = performance.now();
    const figures = counter.take(now);
    streamFigures.value = figures;
    drawnFps.value = figures.fps;
    if (now - heardAt > SILENCE_LIMIT_MS) end(true);
    else if (socket.readyState === WebSocket.OPEN) {
      painter.remind();
      socket.send(PING);
      counter.pinged(now);
    }
  }, SECOND_MS);

  socket.addEventListener('close', () => end(true));
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (ended) return;
    heardAt = performance.now();
    if (data instanceof ArrayBuffer) {
      if (data.byteLength === 1 && new Uint8Array(data)[0] === PONG) counter.ponged(heardAt);
      else if (painter.take(data)) {
        counter.received(data.byteLength);
        on.running();
      }
    } else if (typeof data === 'string') {
      on.told();
      const offered = offeredPaths(data);
      if (offered?.includes(format)) {
        if (format === 'tiles' && tilesAreWhole(data)) on.whole();
        // On the way to a better one this stream may be over.
        if (ended) return;
        socket.send(JSON.stringify({ event_type: 'start', event: { type: 'video', format } }));
      } else if (offered !== undefined) giveUp('not offered');
    }
  });
  return () => end(false);
}

/** The ways that the first message of the media socket offers; undefined for other messages. */
export function offeredPaths(text: string): readonly VideoPath[] | undefined {
  const video = videoIn(text);
  return video && (['tiles', 'h264'] as const).filter((path) => video[path] !== undefined);
}

function tilesAreWhole(text: string): boolean {
  return videoIn(text)?.tiles?.whole === true;
}

function videoIn(text: string): Partial<MediaState['video']> | undefined {
  try {
    const message = JSON.parse(text) as { event_type?: string; event?: Partial<MediaState> };
    return message.event_type === 'media' ? (message.event?.video ?? {}) : undefined;
  } catch {
    return undefined;
  }
}
