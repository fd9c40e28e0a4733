import type { MediaState } from '@crashcart/api';
import type { RawData, WebSocket } from 'ws';
import type { Picture } from '../../video/picture.ts';
import type { Video } from '../../video/video.ts';

/** A format of /media/ws. */
export type MediaFormat = 'jpeg' | 'h264' | 'tiles';

const PONG = Uint8Array.of(0xff);
const PING = 0;
const REFRESH = 1;
/** Kind of message "video", and not a key frame: JPEG has none, as recorded. */
const JPEG_PREFIX = Uint8Array.of(1, 0);

/** Messages that mean nothing, per window; more is a flood. */
const JUNK_LIMIT = 200;
const JUNK_WINDOW_MS = 10_000;
/** Answers to pings that may wait for a client that does not read. */
const MAX_PONGS = 32;
const POLICY_VIOLATION = 1008;
const CLOSE_GRACE_MS = 1000;

/** What is sent as the `media` event and by GET /media. */
export function mediaStateOf(_video: Video): MediaState {
  return { video: { jpeg: {}, tiles: {} } };
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
  #junk = 0;
  #junkSinceMs = 0;

  constructor(socket: WebSocket, video: Video, pure: boolean) {
    this.#socket = socket;
    this.#video = video;
    this.#pure = pure;
  }

  start(format: MediaFormat): void {
    this.stop();
    // H.264 is not offered; who asks nevertheless gets nothing, as recorded.
    if (format === 'h264') return;
    this.#releases = [this.#video.watch()];
    if (format === 'jpeg') this.#startJpeg();
    else this.#startTiles();
  }

  stop(): void {
    for (const release of this.#releases) release();
    this.#releases = [];
    this.#refresh = () => {};
    this.#sent = () => {};
  }

  receive(data: RawData, isBinary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (!(isBinary ? this.#receiveBinary(bytes) : this.#receiveText(bytes))) this.#countJunk();
  }

  #startJpeg(): void {
    let newest: Picture | undefined;
    let sent: Picture | undefined;
    const send = () => {
      if (!newest || this.#busy || newest === sent) return;
      sent = newest;
      this.#send(this.#pure ? newest.jpeg : withPrefix(newest));
    };
    this.#sent = send;
    this.#refresh = () => {
      sent = undefined;
      send();
    };
    this.#releases.push(
      this.#video.addSinkUser(),
      this.#video.pictures.subscribe((picture) => {
        newest = picture;
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
    this.#refresh();
    return true;
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

  #countJunk(): void {
    const now = performance.now();
    if (now - this.#junkSinceMs > JUNK_WINDOW_MS) {
      this.#junkSinceMs = now;
      this.#junk = 0;
    }
    this.#junk += 1;
    if (this.#junk > JUNK_LIMIT) this.#socket.close(POLICY_VIOLATION, 'Too many bad messages');
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
