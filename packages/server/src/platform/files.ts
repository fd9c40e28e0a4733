import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Whether an error of the system has this code, for instance `ENOENT`. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The text of a file; undefined when there is none. Bad UTF-8 is an error, not a replacement. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystemError(error, 'ERR_ENCODING_INVALID_ENCODED_DATA')) {
      throw new Error(`${path} is not valid UTF-8`, { cause: error });
    }
    throw error;
  }
}

/** The bytes of a file; undefined when there is none. Throws when there are more than `limit`. */
export async function readBytes(path: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(limit + 1) });
    if (bytesRead > limit) throw new Error(`${path} is longer than ${limit} bytes`);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Names in a directory that are files or links, in plain order; undefined when there is none. */
export async function listFiles(path: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Makes a directory and what lies above it; `mode` counts for directories that are made. */
export async function ensureDir(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** Rejects when there is no such directory. */
export async function requireDir(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw new Error(`${path} is no directory`);
}

async function writeAll(file: FileHandle, data: string | Uint8Array, mode: number): Promise<void> {
  await file.writeFile(data);
  // open() was subject to the umask.
  await file.chmod(mode);
  await file.sync();
}

/** Makes a rename in this directory last through a power cut. */
async function syncDir(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Replaces a file as a whole: whoever reads it, even after a power cut, sees the old content or the
 * new one. The directory must exist. `mode` is 0600 unless told.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: {
    readonly mode?: number;
    /** Who the file belongs to, where this process may give it away. */
    readonly owner?: { readonly uid: number; readonly gid: number };
  } = {},
): Promise<void> {
  const { mode = 0o600, owner } = options;
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      if (owner) await file.chown(owner.uid, owner.gid);
      await writeAll(file, data, mode);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDir(directory);
}

/** Writes a file that everybody may read; false when there is one already, which is left alone. */
export async function writeNewFile(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Gives a file another name in the same directory; the old name must exist. */
export async function moveAside(path: string, target: string): Promise<void> {
  await rename(path, target);
}
