import { performance } from 'node:perf_hooks';
import type { MediaState } from '@crashcart/api';
import type { RawData, WebSocket } from 'ws';
import type { H264Message } from '../../video/h264-viewers.ts';
import type { Picture } from '../../video/picture.ts';
import type { Video } from '../../video/video.ts';
import { Flood } from './flood.ts';

/** A format of /media/ws. */
export type MediaFormat = 'jpeg' | 'h264' | 'tiles';

const PONG = Uint8Array.of(0xff);
const PING = 0;
const REFRESH = 1;
/** Kind of message "video", and not a key frame: JPEG has none, as recorded. */
const JPEG_PREFIX = Uint8Array.of(1, 0);

/** Messages of a client per window, and those that mean nothing; more is a flood. */
const MESSAGE_LIMIT = 2000;
const JUNK_LIMIT = 200;
const FLOOD_WINDOW_MS = 10_000;
/** From one whole picture that a client asks for to the next, ms: who asks in a loop gets no more. */
const REFRESH_PAUSE_MS = 100;
/** Answers to pings that may wait for a client that does not read. */
const MAX_PONGS = 32;
const POLICY_VIOLATION = 1008;
const CLOSE_GRACE_MS = 1000;
/** Constrained baseline, level 3.1: PiKVM tells this of all sizes, and decoders take more. */
const H264_PROFILE = '42E01F';
/** H.264 on its way to one client; with more, all up to the next key frame is left out. Bytes. */
const MAX_H264_BYTES = 512 * 1024;

/** What is sent as the `media` event and by GET /media. */
export function mediaStateOf(
  video: Pick<Video, 'hasTiles' | 'hasWholeTiles' | 'offersH264'>,
): MediaState {
  const h264 = video.offersH264 ? { h264: { profile_level_id: H264_PROFILE } } : {};
  const tiles = { tiles: video.hasWholeTiles ? { whole: true as const } : {} };
  return { video: { ...h264, jpeg: {}, ...(video.hasTiles ? tiles : {}) } };
}

/** A picture with the prefix of /media/ws, made once for all clients. */
const prefixed = new WeakMap<Picture, Buffer>();

function withPrefix(picture: Picture): Buffer {
  const known = prefixed.get(picture);
  if (known) return known;
  const message = Buffer.concat([JPEG_PREFIX, picture.jpeg]);
  prefixed.set(picture, message);
  return message;
}

/**
 * Serves /media/ws. With `mode` ("pure") that format starts at once and is sent bare; otherwise the
 * client is told the formats and starts one. Until the socket or the session ends.
 */
export function serveMediaSocket(
  socket: WebSocket,
  video: Video,
  mode: MediaFormat | undefined,
  ended: AbortSignal,
): void {
  const client = new MediaClient(socket, video, mode !== undefined);
  const end = () => {
    client.stop();
    socket.close(POLICY_VIOLATION, 'The session has ended');
    // One that does not read never answers the close.
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
  };
  socket.on('message', (data, isBinary) => {
    if (!ended.aborted) client.receive(data, isBinary);
  });
  socket.on('error', () => socket.terminate());
  socket.once('close', () => {
    ended.removeEventListener('abort', end);
    client.stop();
  });
  if (ended.aborted) {
    end();
    return;
  }
  ended.addEventListener('abort', end, { once: true });
  if (mode) client.start(mode);
  else {
    const event = { event_type: 'media', event: mediaStateOf(video) };
    socket.send(JSON.stringify(event));
  }
}

class MediaClient {
  readonly #socket: WebSocket;
  readonly #video: Video;
  readonly #pure: boolean;
  #releases: (() => void)[] = [];
  #refresh: () => void = () => {};
  /** Called when a message has gone to the system. */
  #sent: () => void = () => {};
  #busy = false;
  #pongs = 0;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #refreshTimer: NodeJS.Timeout | undefined;
  readonly #messages = new Flood(MESSAGE_LIMIT, FLOOD_WINDOW_MS);
  readonly #junk = new Flood(JUNK_LIMIT, FLOOD_WINDOW_MS);

  constructor(socket: WebSocket, video: Video, pure: boolean) {
    this.#socket = socket;
    this.#video = video;
    this.#pure = pure;
  }

  start(format: MediaFormat): void {
    this.stop();
    // What is not offered gives nothing to those who ask nevertheless, as recorded of H.264.
    if (format === 'h264' && !this.#video.offersH264) return;
    if (format === 'tiles' && !this.#video.hasTiles) return;
    this.#releases = [this.#video.watch()];
    if (format === 'jpeg') this.#startJpeg();
    else if (format === 'h264') this.#startH264();
    else this.#startTiles();
  }

  stop(): void {
    for (const release of this.#releases) release();
    this.#releases = [];
    this.#refresh = () => {};
    this.#sent = () => {};
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
  }

  receive(data: RawData, isBinary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    const isKnown = isBinary ? this.#receiveBinary(bytes) : this.#receiveText(bytes);
    if (!isKnown && this.#junk.add()) this.#refuse('Too many bad messages');
    else if (this.#messages.add()) this.#refuse('Too many messages');
  }

  #startJpeg(): void {
    let newest: Picture | undefined;
    // No reference to what was sent: who stalls would hold its file and the message made of it.
    let isSent = true;
    const send = () => {
      if (!newest || this.#busy || isSent) return;
      isSent = true;
      this.#send(this.#pure ? newest.jpeg : withPrefix(newest));
    };
    this.#sent = send;
    this.#refresh = () => {
      isSent = false;
      send();
    };
    this.#releases.push(
      this.#video.addSinkUser(),
      this.#video.pictures.subscribe((picture) => {
        newest = picture;
        isSent = false;
        send();
      }),
    );
  }

  #startTiles(): void {
    const seat = this.#video.tiles.join({
      ready: () => !this.#busy,
      send: (message) => this.#send(message),
    });
    this.#sent = () => seat.resume();
    this.#refresh = () => seat.refresh();
    this.#releases.push(() => seat.leave());
  }

  #startH264(): void {
    const socket = this.#socket;
    const seat = this.#video.h264.join({
      ready: () => socket.bufferedAmount <= MAX_H264_BYTES,
      send: ({ bare, prefixed }: H264Message) => this.#send(this.#pure ? bare : prefixed),
    });
    this.#sent = () => {
      if (socket.bufferedAmount === 0) seat.resume();
    };
    this.#refresh = () => seat.refresh();
    this.#releases.push(() => seat.leave());
  }

  #send(message: Buffer): void {
    this.#busy = true;
    this.#socket.send(message, { binary: true, compress: false }, (error) => {
      this.#busy = false;
      if (!error) this.#sent();
    });
  }

  #receiveBinary(bytes: Buffer): boolean {
    if (bytes[0] === PING && bytes.length === 1) {
      this.#answerPing();
      return true;
    }
    if (bytes[0] !== REFRESH) return false;
    const waitMs = this.#refreshedMs + REFRESH_PAUSE_MS - performance.now();
    this.#refreshTimer ??= setTimeout(() => this.#refreshNow(), Math.max(0, waitMs));
    return true;
  }

  #refreshNow(): void {
    this.#refreshTimer = undefined;
    this.#refreshedMs = performance.now();
    this.#refresh();
  }

  #answerPing(): void {
    if (this.#pure || this.#pongs >= MAX_PONGS) return;
    this.#pongs += 1;
    this.#socket.send(PONG, () => {
      this.#pongs -= 1;
    });
  }

  #receiveText(bytes: Buffer): boolean {
    const format = startedFormat(bytes.toString('utf8'));
    if (!format || this.#pure) return false;
    this.start(format);
    return true;
  }

  /** It is told why, and not heard any more. */
  #refuse(reason: string): void {
    this.stop();
    this.#socket.close(POLICY_VIOLATION, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
  }
}

/** The format of `{event_type: "start", event: {type: "video", format}}`; undefined for all else. */
function startedFormat(text: string): MediaFormat | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { event_type: type, event } = (message ?? {}) as { event_type?: unknown; event?: unknown };
  const { type: kind, format } = (event ?? {}) as { type?: unknown; format?: unknown };
  if (type !== 'start' || kind !== 'video') return undefined;
  return format === 'jpeg' || format === 'h264' || format === 'tiles' ? format : undefined;
}
