import { constants, type FSWatcher, type Stats, watch } from 'node:fs';
import { access, lstat, mkdir, readdir, realpath, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from './files.ts';
import { findUserName } from './system-users.ts';

/** How many files are looked at at once. */
const LOOKS = 64;

/** What is in a folder of images. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Bytes. */
  readonly size: number;
  /** Time of the last change, s since the epoch. */
  readonly modifiedS: number;
  /** Whether its mode lets anybody write. */
  readonly writable: boolean;
  /** Names the file whatever it is called. */
  readonly inode: string;
}

/** Room of a file system, bytes. */
export interface DiskRoom {
  readonly size: number;
  /** For users without privileges. */
  readonly free: number;
}

/** What is in a folder; undefined when there is no such folder. What vanishes meanwhile is left out. */
export async function listFolder(path: string): Promise<FolderEntry[] | undefined> {
  const names = await readdir(path).catch(unlessMissing);
  if (names === undefined) return undefined;
  const entries: FolderEntry[] = [];
  let next = 0;
  const look = async () => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      const entry = await entryOf(path, name);
      if (entry) entries.push(entry);
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  return entries;
}

/**
 * One entry of a folder. Links to files are files; links to folders are not followed, neither are
 * devices, pipes and sockets: undefined, as for what is not there.
 */
export async function entryOf(folder: string, name: string): Promise<FolderEntry | undefined> {
  const path = join(folder, name);
  const own = await lstat(path).catch(unlessMissing);
  if (own?.isDirectory()) return entryFrom(name, 'folder', own);
  const file = own?.isSymbolicLink() ? await stat(path).catch(unlessMissing) : own;
  return file?.isFile() ? entryFrom(name, 'file', file) : undefined;
}

function entryFrom(name: string, kind: FolderEntry['kind'], stats: Stats): FolderEntry {
  return {
    ...{ name, kind },
    size: stats.size,
    modifiedS: stats.mtimeMs / 1000,
    writable: (stats.mode & 0o222) !== 0,
    inode: `${stats.dev}:${stats.ino}`,
  };
}

/** What names a folder whatever it is called, and its file system; undefined when it is missing. */
export async function folderIdentity(
  path: string,
): Promise<{ readonly inode: string; readonly device: string } | undefined> {
  const stats = await stat(path).catch(unlessMissing);
  if (!stats?.isDirectory()) return undefined;
  return { inode: `${stats.dev}:${stats.ino}`, device: String(stats.dev) };
}

function unlessMissing(error: unknown): undefined {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return undefined;
  throw error;
}

/** The room of the file system that this is on; none where there is nothing of this name. */
export async function diskRoom(path: string): Promise<DiskRoom> {
  const room = await statfs(path).catch(unlessMissing);
  if (!room) return { size: 0, free: 0 };
  return { size: room.blocks * room.bsize, free: room.bavail * room.bsize };
}

/** Whether this process may add to and remove from a folder. */
export async function isFolderWritable(path: string): Promise<boolean> {
  return await access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a folder and what lies above it, mode 0755; resolves with the topmost that was made, or
 * undefined. Rejects with ENOTDIR where a file or a link is in the way.
 */
export async function makeFolder(root: string, path: string): Promise<string | undefined> {
  for (let above = path; above.length > root.length; above = dirname(above)) {
    const there = await lstat(above).catch(unlessMissing);
    if (there && !there.isDirectory()) {
      throw Object.assign(new Error(`${above} is no folder`), { code: 'ENOTDIR' });
    }
  }
  return await mkdir(path, { recursive: true, mode: 0o755 });
}

/** Whose a folder is; undefined when there is none. The name is undefined when nobody has this number. */
export async function folderOwner(
  path: string,
): Promise<{ readonly uid: number; readonly name: string | undefined } | undefined> {
  const stats = await stat(path).catch(unlessMissing);
  if (!stats?.isDirectory()) return undefined;
  return { uid: stats.uid, name: await findUserName(stats.uid) };
}

/** The path of a folder without links, as the kernel names what is in it. */
export async function realFolder(path: string): Promise<string> {
  return await realpath(path);
}

/** Removes folders from `path` up to `top` as far as they are empty. */
export async function removeEmptyFolders(top: string, path: string): Promise<void> {
  for (let at = path; at.length >= top.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/**
 * Calls `onChange` with the name of what changed in a folder, or without when the system does not
 * tell; `onEnd` when it cannot be watched (any more). The result ends it.
 */
export function watchFolder(
  path: string,
  onChange: (name: string | undefined) => void,
  onEnd: () => void,
): () => void {
  let watcher: FSWatcher;
  try {
    watcher = watch(path, { persistent: false }, (_kind, name) => onChange(name ?? undefined));
  } catch {
    onEnd();
    return () => undefined;
  }
  watcher.on('error', () => {
    watcher.close();
    onEnd();
  });
  return () => watcher.close();
}
