import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type SampleSource, SOUND, type SoundListener } from '../../core/sound-source.ts';
import { DerivedCell, type ReadonlyCell } from '../../core/state.ts';
import { connectUnix } from '../../platform/unix-socket.ts';
import { ENCODING } from '../../protocols/rfb/messages.ts';
import { enableAudio } from '../../protocols/rfb/qemu-audio.ts';
import { VncLink } from '../vnc/link.ts';

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2000;
const RFB = {
  security: { tls: 'off', user: '', password: undefined },
  encodings: [ENCODING.qemuAudio],
} as const;
const UNKNOWN = 'The machine does not answer, so its sound is not known yet.';
const NONE =
  'This QEMU has no sound: it runs without (qemu.sound), or without audiodev= of its card and of -vnc.';

/** What the source needs of its machine. */
export interface QemuSoundOptions {
  readonly vncSocketPath: string;
  /** Whether it has a sound card; undefined while that is not known. */
  readonly hasSound: ReadonlyCell<boolean | undefined>;
  readonly log: Log;
}

/**
 * What a QEMU machine plays, over a connection to its VNC socket of its own: that of the picture
 * carries megabytes at times, and each would hold up the other. It is open only while somebody
 * listens. That QEMU offers sound there means nothing: it does so without any card.
 */
export class QemuSoundSource implements SampleSource {
  readonly kind = 'samples';
  readonly trouble: DerivedCell<string | undefined>;
  readonly #options: QemuSoundOptions;
  readonly #listening = new Set<AbortController>();
  #isTold = false;

  constructor(options: QemuSoundOptions) {
    this.#options = options;
    const { hasSound } = options;
    this.trouble = new DerivedCell([hasSound], () => this.#troubleOf(hasSound.value));
  }

  listen(listener: SoundListener): () => void {
    const controller = new AbortController();
    this.#listening.add(controller);
    void this.#run(listener, controller.signal);
    return () => {
      this.#listening.delete(controller);
      controller.abort(new Error('closed'));
    };
  }

  /** Ends all listening. */
  close(): void {
    this.trouble.close();
    for (const controller of this.#listening) controller.abort(new Error('closed'));
    this.#listening.clear();
  }

  #troubleOf(hasSound: boolean | undefined): string | undefined {
    if (hasSound === undefined) return UNKNOWN;
    if (hasSound) return undefined;
    if (!this.#isTold) this.#options.log.info({}, NONE);
    this.#isTold = true;
    return NONE;
  }

  async #run(listener: SoundListener, signal: AbortSignal): Promise<void> {
    let retryMs = RETRY_MIN_MS;
    while (!signal.aborted) {
      try {
        const link = new VncLink(await connectUnix(this.#options.vncSocketPath, signal), {
          client: RFB,
          onLeds: () => {},
          established: () => {
            retryMs = RETRY_MIN_MS;
          },
          onAudioOffered: (offering) => offering.send(enableAudio(SOUND.channels, SOUND.rateHz)),
          audio: {
            audioBegin: () => {},
            audio: (samples) => listener.onSamples(samples),
            audioEnd: () => listener.onSilence(),
          },
        });
        await link.run(signal);
      } catch (error) {
        this.#options.log.debug({ err: error }, 'no connection to the sound of the machine');
      }
      if (signal.aborted) return;
      listener.onSilence();
      await sleep(retryMs, signal).catch(() => {});
      retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
    }
  }
}
