import type { Log } from '../core/log.ts';
import type { H264Encoder, H264Settings, OpenH264Encoder } from './h264-encoder.ts';
import { FFMPEG, ffmpegEncoder } from './h264-ffmpeg.ts';
import { nodeAvEncoder } from './h264-node-av.ts';
import { loadNodeAv } from './node-av.ts';

/** Which encoder is wanted; `auto`: node-av where it is installed, else ffmpeg. */
export type H264Choice = 'auto' | 'ffmpeg' | 'node-av';

/** How long an encoder may take to start and encode small pictures, ms. */
const PROBE_MS = 20_000;
const SIDE = 16;
/** Pictures to encode: whether a key frame is asked for. The first is one anyway. */
const PICTURES = [false, false, true];

/**
 * The encoder that works here; undefined when there is none, and the log says why. Never rejects.
 * `nodeAvFolder`: where node-av is, if not beside the server.
 */
export async function findH264Encoder(
  choice: H264Choice,
  log: Log,
  nodeAvFolder = '',
): Promise<OpenH264Encoder | undefined> {
  if (choice !== 'ffmpeg') {
    try {
      const open = nodeAvEncoder(await loadNodeAv(nodeAvFolder));
      if (await works(open, 'node-av', log)) return open;
    } catch (error) {
      const isWanted = choice === 'node-av';
      if (isWanted) log.warn({ reason: String(error) }, 'There is no H.264 by node-av');
    }
  }
  if (choice === 'node-av') return undefined;
  const open = ffmpegEncoder();
  return (await works(open, FFMPEG, log)) ? open : undefined;
}

/** Whether FFmpeg can encode here. Never rejects. */
export function canEncodeH264(log: Log, program = FFMPEG): Promise<boolean> {
  return works(ffmpegEncoder(program), program, log);
}

/**
 * Whether an encoder encodes, and makes key frames when it is told to: tried, not guessed from
 * versions.
 */
async function works(open: OpenH264Encoder, name: string, log: Log): Promise<boolean> {
  const pixels = Buffer.alloc(SIDE * SIDE * 4);
  const size = { width: SIDE, height: SIDE };
  const settings: H264Settings = { format: 'bgrx', ...size, bitrate: 100, gop: 0, fps: 30 };
  const reason = await new Promise<string | undefined>((resolve) => {
    const keys: boolean[] = [];
    const timer = setTimeout(() => end(`${name} does not answer`), PROBE_MS);
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      encoder.close();
      resolve(why);
    };
    const encoder: H264Encoder = open(settings, {
      onUnit({ key }) {
        keys.push(key);
        if (keys.length < PICTURES.length) return;
        const right = keys.every((each, index) => each === (PICTURES[index] || index === 0));
        end(right ? undefined : `${name} makes no key frames when it is told to`);
      },
      onEnd: end,
    });
    void (async () => {
      for (const key of PICTURES) await encoder.encode(pixels, key);
    })();
  }).catch(String);
  if (reason !== undefined) log.info({ reason }, 'There is no H.264');
  return reason === undefined;
}
