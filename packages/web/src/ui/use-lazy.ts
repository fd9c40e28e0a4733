import { useEffect, useState } from 'preact/hooks';

/** Something whose code comes when it is wanted. */
export interface Lazy<T> {
  readonly loaded: T | undefined;
  /** It could not be fetched; it is tried again when it is wanted again. */
  readonly isFailed: boolean;
}

/**
 * Fetches code when it is wanted; `early` fetches it before, when the page has nothing else to do.
 */
export function useLazy<T>(
  fetchIt: () => Promise<T>,
  { wanted, early = false }: { readonly wanted: boolean; readonly early?: boolean },
): Lazy<T> {
  const [lazy, setLazy] = useState<Lazy<T>>({ loaded: undefined, isFailed: false });
  useEffect(() => {
    if (lazy.loaded !== undefined || !(wanted || early)) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    const start = () => {
      fetchIt().then(
        (loaded) => signal.aborted || setLazy({ loaded, isFailed: false }),
        () => signal.aborted || setLazy({ loaded: undefined, isFailed: true }),
      );
    };
    if (wanted) start();
    else whenIdle(start, signal);
    return () => waiting.abort();
  }, [wanted, early]);
  return lazy;
}

// Safari has no requestIdleCallback; a second after the start is as good.
function whenIdle(act: () => void, signal: AbortSignal): void {
  if (typeof requestIdleCallback === 'function') {
    const handle = requestIdleCallback(act);
    signal.addEventListener('abort', () => cancelIdleCallback(handle));
  } else {
    const timer = setTimeout(act, 1_000);
    signal.addEventListener('abort', () => clearTimeout(timer));
  }
}
