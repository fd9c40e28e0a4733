import { SOUND } from '../core/sound-source.ts';

const PER_MS = SOUND.rateHz / 1000;
/** Sound that is further behind the clock than that has paused, ms; less is how it arrives. */
const PAUSE_MS = 100;

/** From this sample on, so much is between what was counted and the clock. */
interface Mark {
  readonly sample: number;
  readonly offset: number;
}

/**
 * Which samples were played when: an encoder only counts what it is given, but what pauses must not
 * be played early after that, nor a picture's sound late.
 */
export class SoundClock {
  #marks: readonly Mark[] = [];
  #fed = 0;

  /** So many samples a channel were given to the encoder at `nowMs` on the monotonic clock. */
  feed(samples: number, nowMs: number): void {
    const played = Math.round(nowMs * PER_MS);
    const last = this.#marks.at(-1);
    const isPause = !last || played - (this.#fed + last.offset) > PAUSE_MS * PER_MS;
    if (isPause) this.#marks = [...this.#marks, { sample: this.#fed, offset: played - this.#fed }];
    this.#fed += samples;
  }

  /** How far what was fed is before the clock at `nowMs`, ms; negative after a pause. */
  aheadMs(nowMs: number): number {
    const last = this.#marks.at(-1);
    return last ? (this.#fed + last.offset) / PER_MS - nowMs : 0;
  }

  /**
   * When the encoder's sample of this number was played, in samples on the monotonic clock; `isFirst`
   * after a pause. To be asked in order.
   */
  at(sample: number): { readonly time: number; readonly isFirst: boolean } {
    const due = this.#marks.filter((mark) => mark.sample <= sample);
    const mark = due.at(-1) ?? this.#marks[0];
    const isFirst = sample === 0 || due.length > 1;
    // Those before it are done with.
    if (due.length > 1) this.#marks = this.#marks.slice(due.length - 1);
    return { time: sample + (mark?.offset ?? 0), isFirst };
  }
}
