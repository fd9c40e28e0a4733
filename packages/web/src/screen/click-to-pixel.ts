/** What a measurement needs of the page. */
export interface ProbePort {
  /** Sends the probe; `attempt` counts from 0, each odd one takes back what the one before did. */
  send(attempt: number): void;
  /** The picture, small: RGBA; undefined while there is none. */
  pixels(): Uint8ClampedArray | undefined;
  /** Resolves when the browser draws again, with the time in ms. */
  nextFrame(): Promise<number>;
}

/** What came of it. */
export type ProbeResult =
  | { readonly kind: 'measured'; readonly p50Ms: number; readonly tries: number }
  /** The picture never changed. */
  | { readonly kind: 'unchanged' }
  /** The picture changes by itself, so that nothing can be told. */
  | { readonly kind: 'restless' };

/** An even number, so that all is taken back. */
const TRIES = 6;
/** The probe must change the picture within so many ms. */
const ANSWER_LIMIT_MS = 2_000;
/** The picture must have stood still for so long before a probe, in ms. */
const STILL_MS = 150;
/** A part of a colour must change by so much, of 255; encoders change still pictures by less. */
const VISIBLE = 24;

/** Measures from the probe until its change is drawn on this page. */
export async function measureClickToPixel(
  port: ProbePort,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const times: number[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const isStill = await untilStill(port, signal);
    if (signal.aborted || !isStill) {
      if (attempt % 2 === 1) port.send(attempt);
      return { kind: 'restless' };
    }
    const before = port.pixels();
    const sentAt = await port.nextFrame();
    port.send(attempt);
    const seenAt = await untilChanged(port, before, sentAt + ANSWER_LIMIT_MS, signal);
    if (seenAt !== undefined) times.push(seenAt - sentAt);
    else if (attempt % 2 === 0) {
      port.send(attempt + 1);
      if (times.length === 0) return { kind: 'unchanged' };
      break;
    }
  }
  times.sort((a, b) => a - b);
  const p50Ms = times[Math.floor((times.length - 1) / 2)];
  return p50Ms === undefined
    ? { kind: 'unchanged' }
    : { kind: 'measured', p50Ms, tries: times.length };
}

async function untilStill(port: ProbePort, signal: AbortSignal): Promise<boolean> {
  let now = await port.nextFrame();
  const limit = now + ANSWER_LIMIT_MS;
  while (now < limit && !signal.aborted) {
    const changedAt = await untilChanged(port, port.pixels(), now + STILL_MS, signal);
    if (changedAt === undefined) return true;
    now = changedAt;
  }
  return false;
}

/** When the picture differed; undefined when it did not until then. */
async function untilChanged(
  port: ProbePort,
  before: Uint8ClampedArray | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (;;) {
    const now = await port.nextFrame();
    if (differs(before, port.pixels())) return now;
    if (now > limit || signal.aborted) return undefined;
  }
}

function differs(one: Uint8ClampedArray | undefined, other: Uint8ClampedArray | undefined) {
  if (one === undefined || other === undefined) return false;
  return one.some((value, index) => Math.abs(value - (other[index] ?? 0)) > VISIBLE);
}
