import type { MediaState } from '@crashcart/api';
import { socketAddress } from '../api.ts';
import { backoffMs } from '../state/backoff.ts';
import { drawnFps, notePictureSize } from '../state/picture.ts';
import { TileQueue } from './tile-queue.ts';
import { parseTiles, type TileUpdate } from './tiles.ts';

const PING = new Uint8Array([0]);
const ASK_FOR_KEY = new Uint8Array([1]);
const SECOND_MS = 1_000;
const SILENCE_LIMIT_MS = 6_000;
const START = JSON.stringify({ event_type: 'start', event: { type: 'video', format: 'tiles' } });

/** What the owner of the canvas is told. */
export interface TileStreamListener {
  /** The server has no tiles; another way must be taken. */
  notOffered(): void;
}

/** Draws the machine's picture on the canvas, connecting again after losses, until stopped. */
export function streamTiles(canvas: HTMLCanvasElement, on: TileStreamListener): () => void {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  const connect = () => {
    stop = openStream(canvas, {
      notOffered: on.notOffered,
      running: () => {
        attempt = 0;
      },
      closed: () => {
        attempt += 1;
        timer = setTimeout(connect, backoffMs(attempt));
      },
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    stop?.();
  };
}

interface StreamListener extends TileStreamListener {
  running(): void;
  closed(): void;
}

function openStream(canvas: HTMLCanvasElement, on: StreamListener): () => void {
  const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
  const socket = new WebSocket(socketAddress('api/media/ws'));
  socket.binaryType = 'arraybuffer';
  let drawn = 0;
  let ended = false;
  let heardAt = performance.now();

  const queue = new TileQueue(
    async (update) => {
      if (context === null) return;
      await drawUpdate(context, update, () => ended);
      drawn += 1;
    },
    () => {
      if (socket.readyState === WebSocket.OPEN) socket.send(ASK_FOR_KEY);
    },
  );
  const end = (tell: boolean) => {
    if (ended) return;
    ended = true;
    clearInterval(tick);
    drawnFps.value = undefined;
    socket.close();
    if (tell) on.closed();
  };
  const tick = setInterval(() => {
    drawnFps.value = drawn;
    drawn = 0;
    if (performance.now() - heardAt > SILENCE_LIMIT_MS) end(true);
    else if (socket.readyState === WebSocket.OPEN) socket.send(PING);
  }, SECOND_MS);

  socket.addEventListener('close', () => end(true));
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    heardAt = performance.now();
    if (data instanceof ArrayBuffer) {
      const update = parseTiles(data);
      if (update === undefined) return;
      on.running();
      void queue.push(update);
    } else if (typeof data === 'string') {
      const offered = offersTiles(data);
      if (offered === true) socket.send(START);
      else if (offered === false) {
        end(false);
        on.notOffered();
      }
    }
  });
  return () => end(false);
}

/** Whether the first message of the media socket offers tiles; undefined for other messages. */
export function offersTiles(text: string): boolean | undefined {
  try {
    const message = JSON.parse(text) as { event_type?: string; event?: Partial<MediaState> };
    if (message.event_type !== 'media') return undefined;
    return message.event?.video?.tiles !== undefined;
  } catch {
    return undefined;
  }
}

async function drawUpdate(
  context: CanvasRenderingContext2D,
  update: TileUpdate,
  ended: () => boolean,
): Promise<void> {
  const pictures = await Promise.all(
    update.tiles.map(({ jpeg }) => createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }))),
  );
  const { canvas } = context;
  if (!ended()) {
    // Setting the size clears the canvas, so only a new size is set.
    if (canvas.width !== update.width || canvas.height !== update.height) {
      canvas.width = update.width;
      canvas.height = update.height;
      notePictureSize(update.width, update.height);
    }
    update.tiles.forEach(({ x, y }, index) => {
      const picture = pictures[index];
      if (picture !== undefined) context.drawImage(picture, x, y);
    });
  }
  for (const picture of pictures) picture.close();
}
