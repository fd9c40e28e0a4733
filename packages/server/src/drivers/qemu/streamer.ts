import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { DerivedCell, type ReadonlyCell } from '../../core/state.ts';
import type { VideoFeed, VideoParams, VideoSource } from '../../core/video-source.ts';
import { connectUnix } from '../../platform/unix-socket.ts';
import { ENCODING } from '../../protocols/rfb/messages.ts';
import { VncFeed } from '../vnc/feed.ts';
import { VncLink } from '../vnc/link.ts';
import { QemuSoundSource } from './sound.ts';

/** What the source needs of its machine. */
export interface QemuVideoOptions {
  readonly vncSocketPath: string;
  /** Whether the guest runs: QEMU keeps showing the last picture of a machine that is off. */
  readonly powered: ReadonlyCell<boolean>;
  /** Why there is no picture while it is not powered, as a sentence. */
  readonly offReason: () => string;
  /** Whether it has a sound card; undefined while that is not known. */
  readonly hasSound: ReadonlyCell<boolean | undefined>;
  /** Keyboard LEDs, bits of RFB_LED. */
  readonly onLeds: (mask: number) => void;
  readonly log: Log;
}

const BACKOFF_MIN_MS = 50;
/** A socket on the same machine costs nothing to try, and its screen is wanted when it is there. */
const BACKOFF_MAX_MS = 200;
const CONNECTING = 'Waiting for the screen of the machine.';
/** On the same machine nothing is faster than raw pixels. */
const RFB = {
  security: { tls: 'off', user: '', password: undefined },
  encodings: [ENCODING.raw, ENCODING.desktopSize, ENCODING.ledState],
} as const;

/**
 * The screen of a QEMU machine over its VNC socket. The connection stays open also when nobody
 * watches, because QEMU tells the keyboard LEDs only there; pixels are asked for only while somebody
 * does.
 */
export class QemuVideoSource implements VideoSource {
  readonly name = 'qemu';
  readonly resolutions = undefined;
  readonly sound: QemuSoundSource;
  readonly #options: QemuVideoOptions;
  readonly #trouble: DerivedCell<string | undefined>;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #link: VncLink | undefined;
  #feed: VncFeed | undefined;

  constructor(options: QemuVideoOptions) {
    this.#options = options;
    const { powered, offReason } = options;
    this.sound = new QemuSoundSource(options);
    this.#trouble = new DerivedCell([powered], () => (powered.value ? undefined : offReason()));
    this.#running = this.#run();
  }

  open(params: VideoParams): VideoFeed {
    const feed = new VncFeed({
      desiredFps: params.desiredFps,
      trouble: this.#trouble,
      connecting: CONNECTING,
      isQemu: () => true,
      closed: () => {
        if (this.#feed === feed) this.#feed = undefined;
        this.#link?.attach(this.#feed);
      },
    });
    this.#feed = feed;
    this.#link?.attach(feed);
    return feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('closed'));
    this.#trouble.close();
    this.sound.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    let backoffMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      try {
        const socket = await connectUnix(this.#options.vncSocketPath, signal);
        const established = () => {
          backoffMs = BACKOFF_MIN_MS;
        };
        const { onLeds } = this.#options;
        const link = new VncLink(socket, { client: RFB, onLeds, established });
        this.#link = link;
        link.attach(this.#feed);
        await link.run(signal);
      } catch (error) {
        this.#options.log.debug({ err: error }, 'no connection to the screen of the machine');
      } finally {
        this.#link = undefined;
        this.#feed?.disconnected();
      }
      if (signal.aborted) return;
      await sleep(backoffMs, signal).catch(() => {});
      backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2);
    }
  }
}
