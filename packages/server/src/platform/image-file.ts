import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from './files.ts';

/** Bytes that are written at once. */
const BATCH_BYTES = 1024 * 1024;
/** So many bytes at most wait in the memory of the system for the disk. */
const SYNC_BYTES = 64 * 1024 * 1024;
/** Bytes that are read at once. */
const READ_BYTES = 256 * 1024;

/**
 * A file that gets its name only when it is whole and safely on disk. What was there under that
 * name is never touched.
 */
export class UnfinishedFile {
  readonly #file: FileHandle;
  readonly #path: string;
  #batch: Uint8Array[] = [];
  #batched = 0;
  #unsynced = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #syncing: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Makes the file at a path of its own, with the size that it will have; one that is there goes. */
  static async create(path: string, size: number): Promise<UnfinishedFile> {
    await removeIfThere(path);
    const file = await open(path, 'wx', 0o644);
    try {
      await file.truncate(size);
    } catch (error) {
      await file.close();
      await removeIfThere(path);
      throw error;
    }
    return new UnfinishedFile(file, path);
  }

  /** Takes bytes, which must not change any more; resolves when more may come. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#batch.push(bytes);
    this.#batched += bytes.length;
    if (this.#batched >= BATCH_BYTES) await this.#flush();
  }

  /** Publishes it as `path` in the same folder; rejects with EEXIST when that exists. */
  async finish(path: string): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#syncing;
    await this.#file.sync();
    await this.#file.close();
    await publish(this.#path, path);
    await syncFolder(dirname(path));
  }

  /** Ends it as it is, or without `keep` as if it had never been. Never rejects. */
  async abandon({ keep }: { readonly keep: boolean }): Promise<void> {
    if (keep) await this.#flush().catch(() => undefined);
    await this.#writing.catch(() => undefined);
    await this.#syncing.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    if (!keep) await removeIfThere(this.#path).catch(() => undefined);
  }

  /** Begins to write what was gathered, after what was begun before: one batch waits at most. */
  async #flush(): Promise<void> {
    const batch = this.#batch;
    const length = this.#batched;
    this.#batch = [];
    this.#batched = 0;
    await this.#writing;
    this.#unsynced += length;
    if (this.#unsynced >= SYNC_BYTES) {
      await this.#syncing;
      this.#unsynced = 0;
      this.#syncing = quiet(this.#file.datasync());
    }
    if (length > 0) this.#writing = quiet(writeAll(this.#file, batch));
  }
}

/** The same promise; that nobody waits for it yet is no unhandled rejection. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function writeAll(file: FileHandle, batch: readonly Uint8Array[]): Promise<void> {
  let rest = [...batch];
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest);
    // A disk that fills up takes a part; the next try tells why.
    rest = rest.flatMap((bytes) => {
      const skipped = Math.min(bytesWritten, bytes.length);
      bytesWritten -= skipped;
      return skipped === bytes.length ? [] : [bytes.subarray(skipped)];
    });
  }
}

async function publish(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // File systems without links cannot refuse an existing name by themselves.
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    if (await isThere(to)) throw Object.assign(new Error(`${to} exists`), { code: 'EEXIST' });
    await rename(from, to);
    return;
  }
  await unlink(from);
}

/** Whether anything has this name, also a link to nowhere. */
export async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    },
  );
}

/** Removes a file for good; false when there was none. */
export async function removeForGood(path: string): Promise<boolean> {
  if (!(await removeIfThere(path))) return false;
  await syncFolder(dirname(path));
  return true;
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

/** An open file of this many bytes, and these bytes, once. */
export interface ReadableFile {
  readonly size: number;
  /** Rejects when the file has become shorter. Its end closes the file. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Closes the file where nobody reads; twice is fine. */
  close(): Promise<void>;
}

/** Opens a regular file to read it; undefined when there is none. */
export async function openToRead(path: string): Promise<ReadableFile | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    return undefined;
  }
  const { size } = stats;
  return { size, chunks: () => readChunks(file, size), close: () => file.close() };
}

async function* readChunks(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < size; ) {
      const length = Math.min(READ_BYTES, size - at);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
      if (bytesRead === 0) throw new Error('The image became shorter while it was read');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
