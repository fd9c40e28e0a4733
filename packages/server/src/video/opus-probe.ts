import type { Log } from '../core/log.ts';
import { SOUND } from '../core/sound-source.ts';
import { FFMPEG } from './h264-ffmpeg.ts';
import type { OpenOpusEncoder } from './opus-encoder.ts';
import { opusEncoder } from './opus-ffmpeg.ts';

/** How long it may take to start and encode a little, ms. */
const PROBE_MS = 20_000;
/** Half a second of silence is enough for packets to come. */
const SILENCE = Buffer.alloc((SOUND.rateHz / 2) * SOUND.sampleBytes);

/**
 * The encoder of sound that works here: tried, not guessed from versions. Undefined when there is
 * none, and the log says why. Never rejects.
 */
export async function findOpusEncoder(
  log: Log,
  program = FFMPEG,
): Promise<OpenOpusEncoder | undefined> {
  const open = opusEncoder(program);
  const reason = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => end(`${program} does not answer`), PROBE_MS);
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      encoder.close();
      resolve(why);
    };
    const encoder = open(
      { kind: 'samples' },
      { onPacket: () => end(undefined), onEnd: (why) => end(why) },
    );
    encoder.write(SILENCE);
  });
  if (reason === undefined) return open;
  log.info({ reason }, 'There is no sound');
  return undefined;
}
