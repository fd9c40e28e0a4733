/** First wait before trying again, in ms. */
export const FIRST_WAIT_MS = 500;
/** Longest wait between two tries, in ms. */
export const LONGEST_WAIT_MS = 5_000;

/**
 * How long to wait in ms before try number `attempt` (from 1): doubling from 0.5 s to 5 s, then
 * up to a fifth less by `random` (0..1), so that many pages do not come back at one moment.
 */
export function backoffMs(attempt: number, random = Math.random()): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(full * (1 - 0.2 * random));
}
