import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { FpsMeter } from '../../video/fps-meter.ts';
import { type MjpegOptions, partHead, partTail, streamHead } from '../../video/mjpeg-part.ts';
import type { Picture } from '../../video/picture.ts';
import type { Video } from '../../video/video.ts';

/** Without news the last picture is sent again after this time, ms. */
const REPEAT_MS = 1000;
/** A final frame is sent twice when no other one follows for this long, ms. */
const FINAL_MS = 100;
const MAX_KEY_CHARACTERS = 64;
const TRUE = ['1', 'true', 'yes'];

/** µStreamer's query parameters of /stream; what is malformed counts as not given. */
export function mjpegOptions(query: URLSearchParams): MjpegOptions {
  const flag = (name: string) => TRUE.includes((query.get(name) ?? '').toLowerCase());
  return {
    // It goes into a cookie, so only what cannot end one.
    key: (query.get('key') ?? '').replace(/[^\w.-]/g, '').slice(0, MAX_KEY_CHARACTERS),
    extraHeaders: flag('extra_headers'),
    advanceHeaders: flag('advance_headers'),
    dualFinalFrames: flag('dual_final_frames'),
    zeroData: flag('zero_data'),
  };
}

/**
 * Sends the stream over the raw connection until it or the session ends. One write is under way at
 * a time; whatever comes meanwhile is dropped but the newest, so a stalled client holds one picture.
 */
export function serveMjpeg(
  socket: Socket,
  options: MjpegOptions,
  video: Video,
  ended: AbortSignal,
): void {
  if (ended.aborted || socket.destroyed) {
    socket.destroy();
    return;
  }
  const id = randomBytes(8).toString('hex');
  const meter = new FpsMeter();
  let newest: Picture | undefined;
  let sent: Picture | undefined;
  let writing = false;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const written = (repeated: boolean) => {
    writing = false;
    if (socket.destroyed) return;
    if (newest !== sent) send();
    else {
      const again = options.dualFinalFrames && !repeated ? FINAL_MS : REPEAT_MS;
      timer = setTimeout(send, again);
    }
  };
  const send = () => {
    if (!newest || writing) return;
    clearTimeout(timer);
    const repeated = newest === sent;
    const now = performance.now();
    sent = newest;
    writing = true;
    meter.count();
    const context = {
      ...{ wallMs: Date.now(), sendMs: now, exposeMs: newest.encodeEndMs },
      ...{ dropped, fps: meter.fps },
    };
    socket.cork();
    socket.write(partHead(options, newest, context));
    if (!options.zeroData) socket.write(newest.jpeg);
    socket.write(partTail(options, context.wallMs), () => written(repeated));
    socket.uncork();
  };

  const releases = [
    video.watch(),
    video.addStream(id, () => ({
      fps: meter.fps,
      extra_headers: options.extraHeaders,
      advance_headers: options.advanceHeaders,
      dual_final_frames: options.dualFinalFrames,
      zero_data: options.zeroData,
      key: options.key,
    })),
    video.pictures.subscribe((picture) => {
      if (writing && newest !== sent) dropped += 1;
      newest = picture;
      send();
    }),
  ];
  const end = () => socket.destroy();
  ended.addEventListener('abort', end, { once: true });
  socket.on('error', end);
  socket.once('close', () => {
    clearTimeout(timer);
    ended.removeEventListener('abort', end);
    for (const release of releases) release();
  });
  socket.setTimeout(0);
  socket.setNoDelay?.(true);
  socket.write(streamHead(options, id, Date.now()));
}
