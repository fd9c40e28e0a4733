import { KvmError } from '@crashcart/api';
import type { ImageWriter } from './image-store.ts';
import { sleep } from './sleep.ts';

/** How often the progress of a transfer is told, ms. */
const PROGRESS_MS = 250;
/** After these nothing stays of an image that did not come whole. */
const LEAVE_NOTHING: readonly string[] = ['MsdStorageFullError', 'MsdImageExistsError'];

/** An image that comes in. */
export interface Incoming {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Whether nothing stays of it when it does not come whole. */
  readonly removeIncomplete: boolean;
  /** Throws, or ends early, when the sender goes. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Writes an image; `tell` hears how far it is, at once, now and then, and at its end. Resolves when
 * it is safely on disk. Throws MsdUploadBrokenError, MsdStorageFullError, MsdImageExistsError, and
 * what `chunks` throws.
 */
export async function receive(
  writer: ImageWriter,
  { size, removeIncomplete, chunks }: Incoming,
  tell: (written: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let written = 0;
  let keep = !removeIncomplete;
  let isFinished = false;
  tell(written);
  const timer = setInterval(() => tell(written), PROGRESS_MS);
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      if (written + chunk.length > size) throw new KvmError('MsdUploadBrokenError');
      await writer.write(chunk);
      written += chunk.length;
    }
    if (written < size) throw new KvmError('MsdUploadBrokenError');
    tell(written);
    await writer.finish();
    isFinished = true;
  } catch (error) {
    if (error instanceof KvmError && LEAVE_NOTHING.includes(error.name)) keep = false;
    throw error;
  } finally {
    clearInterval(timer);
    if (!isFinished) await writer.abandon({ keep });
  }
}

/** First `first`, then what `current` gives each `ms` while something is under way, and at its end. */
export async function* ticking<T>(
  underWay: Promise<void>,
  first: T,
  current: () => T,
  ms: number,
): AsyncGenerator<T> {
  let isOver = false;
  const over = underWay.finally(() => {
    isOver = true;
  });
  // Those who do not read to the end do not hear how it ended.
  over.catch(() => undefined);
  yield first;
  while (!isOver) {
    const tick = new AbortController();
    await Promise.race([over, sleep(ms, tick.signal)]).finally(() => tick.abort());
    if (!isOver) yield current();
  }
  await over;
  yield current();
}

/** Passes chunks on and calls `tell` now and then with how many bytes have passed. */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  tell: (passed: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let passed = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    const nowMs = performance.now();
    if (nowMs - toldMs >= PROGRESS_MS) {
      toldMs = nowMs;
      tell(passed);
    }
    yield chunk;
    passed += chunk.length;
  }
}

/**
 * Runs `leave` when the values end, however that happens, and before the last of them is passed on:
 * who has it all may ask for the next thing. They must be iterated.
 */
export async function* leaving<T>(
  values: AsyncIterable<T>,
  leave: () => void,
): AsyncGenerator<T, undefined> {
  let last: { readonly value: T } | undefined;
  try {
    for await (const value of values) {
      if (last) yield last.value;
      last = { value };
    }
  } finally {
    leave();
  }
  if (last) yield last.value;
  return undefined;
}
