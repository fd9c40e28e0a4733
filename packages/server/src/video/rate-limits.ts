import type { H264Params } from './h264.ts';

/** A place in the limits of a stream. */
export interface RateSeat {
  /** The step that this viewer's network bears; 0 = everything. */
  set(step: number): void;
  leave(): void;
}

interface Step {
  /** Of the bitrate that was asked for. */
  readonly share: number;
  /** At most. */
  readonly fps: number;
}

/**
 * What is given up, one after the other: the bitrate first, then the rate of pictures. The quality of
 * a picture that stays is never given up, so text gets sharp with the worst network, only later.
 */
const STEPS: readonly Step[] = [
  { share: 1, fps: Number.POSITIVE_INFINITY },
  { share: 1 / 2, fps: Number.POSITIVE_INFINITY },
  { share: 1 / 4, fps: Number.POSITIVE_INFINITY },
  { share: 1 / 4, fps: 15 },
  { share: 1 / 8, fps: 10 },
  { share: 1 / 8, fps: 5 },
];
/** The last step. */
export const LAST_STEP = STEPS.length - 1;
/** kbit/s; less shows nothing in time. */
const LEAST_BITRATE = 200;
/** What no limit of pictures per second is, in the parameters. */
const UNLIMITED = 0;

/** One encoder serves all viewers of a machine: the worst network among them sets its rate. */
export class RateLimits {
  readonly #seats = new Set<{ step: number }>();

  join(): RateSeat {
    const seat = { step: 0 };
    this.#seats.add(seat);
    return {
      set: (step) => {
        seat.step = Math.min(LAST_STEP, Math.max(0, step));
      },
      leave: () => {
        this.#seats.delete(seat);
      },
    };
  }

  /** The parameters within what all viewers bear. */
  apply(params: H264Params): H264Params {
    const step = Math.max(0, ...[...this.#seats].map((seat) => seat.step));
    const { share, fps } = STEPS[step] ?? { share: 1, fps: Number.POSITIVE_INFINITY };
    if (step === 0) return params;
    const bitrate = Math.max(Math.min(params.bitrate, LEAST_BITRATE), params.bitrate * share);
    const asked = params.desiredFps === UNLIMITED ? Number.POSITIVE_INFINITY : params.desiredFps;
    const least = Math.min(asked, fps);
    const desiredFps = Number.isFinite(least) ? least : UNLIMITED;
    return { ...params, bitrate: Math.round(bitrate), desiredFps };
  }
}
