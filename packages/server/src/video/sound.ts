import type { MediaState } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { SOUND, type SoundSource } from '../core/sound-source.ts';
import {
  type OpenOpusEncoder,
  type OpusEncoder,
  type OpusInput,
  PACKET_SAMPLES,
} from './opus-encoder.ts';
import { SoundClock } from './sound-clock.ts';

/** A packet of Opus for all listeners. */
export interface SoundPacket {
  readonly data: Buffer;
  /** When it was played, in samples of 48 kHz on the monotonic clock. */
  readonly time: number;
  /** There was nothing before it for a while. */
  readonly isFirst: boolean;
}

/** What the sound of a machine is made of. */
export interface SoundOptions {
  /** Undefined where the machine has none. */
  readonly source: SoundSource | undefined;
  /** Undefined where nothing here encodes it. */
  readonly open: OpenOpusEncoder | undefined;
  readonly log: Log;
}

/** Silence behind what was played: it drives the last of that out of the encoder, ms. */
const TAIL_MS = 100;
/** Samples without any sound are encoded for so long, ms: some guests never stop playing them. */
const QUIET_MS = 300;
/** From an encoder's end to the next try: doubled each time, up to the most, ms. */
const RETRY_MS = 250;
const MOST_RETRY_MS = 30_000;
/** So many tries in a row without a packet, and there is no sound. */
const MOST_TRIES = 3;
const NO_SOURCE = 'This machine has no sound.';
const NO_ENCODER = "Sound needs ffmpeg with libopus, as Debian's package ffmpeg has it.";

/**
 * The sound of a machine as Opus: encoded once for all who listen, only while somebody does, and
 * only while something is played. An encoder that ends is started anew.
 */
export class Sound {
  readonly #options: SoundOptions;
  readonly #listeners = new Set<(packet: SoundPacket) => void>();
  #encoder: OpusEncoder | undefined;
  #stopSource: () => void = () => {};
  #retryTimer: NodeJS.Timeout | undefined;
  #tries = 0;
  #failure = '';
  #clock = new SoundClock();
  /** Samples that the encoder has given back. */
  #encoded = 0;
  /** A sample that has not come wholly. */
  #cut: Buffer = Buffer.alloc(0);
  #quietMs = 0;

  constructor(options: SoundOptions) {
    this.#options = options;
  }

  /** Why there is nothing to hear, as a sentence; undefined where there is. */
  get trouble(): string | undefined {
    const { source, open } = this.#options;
    if (!source) return NO_SOURCE;
    if (!open) return NO_ENCODER;
    if (source.kind === 'samples' && source.trouble.value !== undefined) {
      return source.trouble.value;
    }
    return this.#tries >= MOST_TRIES ? `There is no sound: ${this.#failure}` : undefined;
  }

  /** As GET /media tells it; undefined where a machine has nothing to do with sound. */
  get state(): MediaState['audio'] {
    if (!this.#options.source) return undefined;
    const { trouble } = this;
    return trouble === undefined ? { opus: {} } : { reason: trouble };
  }

  /** Whether the encoder runs. */
  get online(): boolean {
    return this.#encoder !== undefined;
  }

  /** Gives packets to a listener until the function that it returns is called. */
  join(listener: (packet: SoundPacket) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #start(): void {
    const { source } = this.#options;
    if (!source) return;
    this.#openEncoder(source.kind === 'samples' ? { kind: 'samples' } : source);
    if (source.kind !== 'samples') return;
    this.#stopSource = source.listen({
      onSamples: (samples) => this.#take(samples),
      onSilence: () => this.#end(),
    });
  }

  #stop(): void {
    this.#stopSource();
    this.#stopSource = () => {};
    clearTimeout(this.#retryTimer);
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#tries = 0;
  }

  #openEncoder(input: OpusInput): void {
    this.#clock = new SoundClock();
    this.#encoded = 0;
    this.#cut = Buffer.alloc(0);
    this.#quietMs = 0;
    this.#encoder = this.#options.open?.(input, {
      onPacket: (packet) => this.#give(packet, input),
      onEnd: (reason) => this.#ended(reason, input),
    });
  }

  #ended(reason: string, input: OpusInput): void {
    this.#encoder = undefined;
    if (this.#tries === 0) this.#options.log.warn({ reason }, 'The sound has ended; tried again');
    this.#failure = reason;
    const retryMs = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#retryTimer = setTimeout(() => this.#openEncoder(input), retryMs);
  }

  #take(samples: Uint8Array): void {
    const bytes = Buffer.concat([this.#cut, samples]);
    const whole = bytes.length - (bytes.length % SOUND.sampleBytes);
    this.#cut = bytes.subarray(whole);
    this.#feed(bytes.subarray(0, whole));
  }

  /** Nothing more is played for now. */
  #end(): void {
    this.#cut = Buffer.alloc(0);
    const aheadMs = Math.max(0, this.#clock.aheadMs(performance.now()));
    const samples = Math.round(Math.max(0, TAIL_MS - aheadMs) * (SOUND.rateHz / 1000));
    this.#feed(Buffer.alloc(samples * SOUND.sampleBytes));
  }

  #feed(bytes: Buffer): void {
    const samples = bytes.length / SOUND.sampleBytes;
    this.#quietMs = bytes.some((byte) => byte !== 0)
      ? 0
      : this.#quietMs + samples / (SOUND.rateHz / 1000);
    if (samples === 0 || this.#quietMs > QUIET_MS || !this.#encoder?.write(bytes)) return;
    this.#clock.feed(samples, performance.now());
  }

  #give(data: Buffer, { kind }: OpusInput): void {
    this.#tries = 0;
    // What is captured by the encoder is known by what comes out of it.
    if (kind !== 'samples') this.#clock.feed(PACKET_SAMPLES, performance.now());
    const packet = { data, ...this.#clock.at(this.#encoded) };
    this.#encoded += PACKET_SAMPLES;
    for (const listener of [...this.#listeners]) listener(packet);
  }
}
