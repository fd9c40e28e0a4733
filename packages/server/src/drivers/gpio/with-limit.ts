import { anySignal } from '../../core/any-signal.ts';

/**
 * Runs an action with a signal that aborts when one of `signals` does, or after `ms` (undefined:
 * never). The signal also ends with the action, so that nothing of it is left.
 */
export async function withLimit<T>(
  ms: number | undefined,
  signals: readonly AbortSignal[],
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const late = new Error(`It took longer than ${(ms ?? 0) / 1000} s`);
  const timer = ms === undefined ? undefined : setTimeout(() => over.abort(late), ms);
  try {
    return await action(anySignal([over.signal, ...signals]));
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
