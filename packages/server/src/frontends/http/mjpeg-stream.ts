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
/** A picture that has not gone out by then never will: the viewer is let go, ms. */
const STALLED_MS = 60_000;
const MAX_KEY_CHARACTERS = 64;
const TRUE = ['1', 'true', 'yes'];
/** Below 1 too: a wall of small pictures wants one in some seconds. */
const MAX_FPS = /^\d{1,3}(\.\d{1,3})?$/;

/** µStreamer's query parameters of /stream, and ours; what is malformed counts as not given. */
export function mjpegOptions(query: URLSearchParams): MjpegOptions {
  const maxFps = query.get('max_fps') ?? '';
  const flag = (name: string) => TRUE.includes((query.get(name) ?? '').toLowerCase());
  return {
    // It goes into a cookie, so only what cannot end one.
    key: (query.get('key') ?? '').replace(/[^\w.-]/g, '').slice(0, MAX_KEY_CHARACTERS),
    extraHeaders: flag('extra_headers'),
    advanceHeaders: flag('advance_headers'),
    dualFinalFrames: flag('dual_final_frames'),
    zeroData: flag('zero_data'),
    maxFps: MAX_FPS.test(maxFps) ? Number(maxFps) : 0,
  };
}

/**
 * Sends the stream over the raw connection until it or the session ends. One write is under way at
 * a time; whatever comes meanwhile is dropped but the newest, so a stalled client holds one picture.
 * The same picture is not sent again before it is due as a sign of life.
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
  let sentMs = Number.NEGATIVE_INFINITY;
  let writing = false;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const end = () => socket.destroy();
  const written = (repeated: boolean) => {
    writing = false;
    clearTimeout(timer);
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
    const now = performance.now();
    const waitMs = options.maxFps > 0 ? sentMs + 1000 / options.maxFps - now : 0;
    if (waitMs >= 1) {
      timer = setTimeout(send, waitMs);
      return;
    }
    const repeated = newest === sent;
    sent = newest;
    sentMs = now;
    writing = true;
    timer = setTimeout(end, STALLED_MS);
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
