/** So far back is looked for the speed, in ms. */
const WINDOW_MS = 5_000;
/** From a shorter time no speed is told, in ms. */
const SHORTEST_MS = 800;

/** The speed of the last seconds, from how much was done when. */
export class SpeedMeter {
  readonly #samples: { readonly atMs: number; readonly done: number }[] = [];

  /** Notes that `done` is reached; `atMs` never goes back. */
  note(done: number, atMs: number): void {
    this.#samples.push({ atMs, done });
    // One sample older than the window stays, so that the window is always covered.
    while (atMs - (this.#samples[1]?.atMs ?? atMs) > WINDOW_MS) this.#samples.shift();
  }

  /** Per second; undefined until there is enough to tell. */
  get speed(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const ms = last.atMs - first.atMs;
    if (ms < SHORTEST_MS) return undefined;
    return (Math.max(0, last.done - first.done) * 1_000) / ms;
  }
}

/** Seconds until `total` at this speed; undefined when nobody can tell. */
export function secondsLeft(
  done: number,
  total: number | undefined,
  speed: number | undefined,
): number | undefined {
  if (total === undefined || speed === undefined || speed <= 0) return undefined;
  return Math.max(0, total - done) / speed;
}
