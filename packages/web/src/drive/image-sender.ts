import { effect } from '@preact/signals';
import { address, post, RefusedError, refusedError, request, UnreachableError } from '../api.ts';
import { link } from '../state/connection.ts';
import { msd } from '../state/machine.ts';
import { partOf } from './images.ts';
import { JsonLines } from './json-lines.ts';
import type { Progress, Sender, Transfer } from './transfers.ts';

type Report = (progress: Progress) => void;

/** Sends images to the server: files from here, or by telling it where to fetch one. */
export const imageSender: Sender = {
  send({ source, name }: Transfer, report, signal) {
    return source.kind === 'file'
      ? upload(source.file, name, report, signal)
      : fetchRemote(source.url, name, report, signal);
  },
  ready,
  facts(name) {
    const storage = msd.peek()?.storage;
    if (!storage) return { existing: undefined, free: undefined };
    const { images, parts } = storage;
    const folder = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    return {
      existing: Object.hasOwn(images, name) ? images[name] : undefined,
      free: partOf(parts, folder)?.free,
    };
  },
  remove: (image) => post('api/msd/remove', { image }),
  now: () => performance.now(),
};

/** What the other server or the disk cuts off leaves nothing behind. */
const CLEAN = { remove_incomplete: '1' };

/** XMLHttpRequest, as fetch tells nothing of what it has sent. */
function upload(file: File, image: string, report: Report, signal: AbortSignal): Promise<void> {
  const request = new XMLHttpRequest();
  request.open('POST', address(`api/msd/write?${new URLSearchParams({ image, ...CLEAN })}`));
  let done = 0;
  request.upload.addEventListener('progress', ({ loaded }) => {
    done = loaded;
    report({ done, total: file.size });
  });
  // Without it the speed of an upload that stalls would stay what it was.
  const tick = setInterval(() => report({ done, total: file.size }), 1_000);
  const { promise, resolve, reject } = deferred();
  request.addEventListener('load', () => {
    if (request.status === 200) resolve();
    else reject(refusedError(request.status, request.responseText || request.statusText));
  });
  request.addEventListener('abort', () => reject(signal.reason));
  request.addEventListener('error', () => void brokenUpload(file).then(reject));
  signal.addEventListener('abort', () => request.abort(), { once: true });
  request.send(file);
  return promise.finally(() => clearInterval(tick));
}

/** A browser does not tell why sending failed: a file that changed meanwhile, or the network. */
async function brokenUpload(file: File): Promise<Error> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return new UnreachableError('The upload broke off');
  } catch (cause) {
    return new RefusedError(0, 'FileChangedError', String(cause));
  }
}

async function fetchRemote(
  url: string,
  image: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ url, image, ...CLEAN });
  const { body } = await request(`api/msd/write_remote?${query}`, { method: 'POST', signal });
  if (body === null) throw new UnreachableError('There is no answer');
  const lines = new JsonLines();
  let whole = false;
  const take = (line: unknown) => {
    const { name, size, written } = progressIn(line);
    whole = written === size;
    report({ done: written, total: size, name });
  };
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      lines.add(part.value).forEach(take);
    }
    lines.end().forEach(take);
  } catch (error) {
    if (error instanceof RefusedError || signal.aborted) throw error;
    throw new UnreachableError('The progress broke off', { cause: error });
  }
  if (!whole) throw new RefusedError(400, 'MsdUploadBrokenError', 'It ended too early');
}

/** The image in a line of progress; throws the error that the line tells of. */
function progressIn(line: unknown): { name: string; size: number; written: number } {
  const { ok, result } = line as { ok?: unknown; result?: { image?: unknown } };
  const image = result?.image as { name: string; size: number; written: number } | undefined;
  if (ok !== true || image === undefined) throw refusedError(400, JSON.stringify(line));
  return image;
}

/** When the server is there and takes an image. */
function ready(signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = deferred();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const stop = effect(() => {
    const state = msd.value;
    if (link.value.kind !== 'open' || state === undefined) return;
    if (!state.enabled) reject(new RefusedError(400, 'MsdDisabledError', 'MSD is disabled'));
    else if (!state.busy && state.drive?.connected !== true) resolve();
  });
  return promise.finally(stop);
}

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}
