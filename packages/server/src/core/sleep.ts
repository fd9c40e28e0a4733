import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms`, on the monotonic clock; rejects with the signal's reason when it aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
