/**
 * A signal that aborts with the first of these, and lets go of the others then; one of them must
 * end some day. `AbortSignal.any` keeps something in a long-lived source for every call
 * (nodejs/node#54614) and may lose a timeout (nodejs/node#57736).
 */
export function anySignal(sources: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  for (const source of sources) {
    const abort = () => controller.abort(source.reason);
    if (source.aborted) abort();
    else source.addEventListener('abort', abort, { once: true, signal });
  }
  return signal;
}
