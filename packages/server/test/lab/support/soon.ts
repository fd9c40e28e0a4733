import { vi } from 'vitest';

/** Waits until a check passes, as long as an emulated machine on a busy box may need. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 50 });
}
