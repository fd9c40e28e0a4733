import { constants, type FSWatcher, watch } from 'node:fs';
import { readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { isSystemError } from './files.ts';

/** Files of /sys and configfs: each write is one call, and errors are those of the kernel. */

/** What a file says, without the closing newline. */
export async function readSysfs(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replace(/\n$/, '');
}

/** Writes a value; the file must exist. */
export async function writeSysfs(path: string, value: string): Promise<void> {
  await writeFile(path, value, { flag: constants.O_WRONLY | constants.O_TRUNC });
}

/** Whether this link is there. */
export async function hasLink(path: string): Promise<boolean> {
  try {
    await readlink(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EINVAL')) return false;
    throw error;
  }
}

/** Makes a link. */
export async function makeLink(target: string, path: string): Promise<void> {
  await symlink(target, path);
}

/** Takes a link away. */
export async function removeLink(path: string): Promise<void> {
  await unlink(path);
}

/** Calls `changed` when something in one of the directories changes; the result ends that. */
export function watchDirectories(paths: readonly string[], changed: () => void): () => void {
  const watchers: FSWatcher[] = [];
  const close = () => {
    for (const watcher of watchers) watcher.close();
  };
  try {
    for (const path of paths) {
      const watcher = watch(path, { persistent: false }, changed);
      watcher.on('error', changed);
      watchers.push(watcher);
    }
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

/** The functions above as one port: a driver whose tests bring a kernel of their own takes this. */
export interface Sysfs {
  /** As `readSysfs`. */
  read(path: string): Promise<string>;
  /** As `writeSysfs`; a value of no bytes would not be written at all. */
  write(path: string, value: string): Promise<void>;
  /** As `hasLink`. */
  hasLink(path: string): Promise<boolean>;
  /** As `watchDirectories`. */
  watch(paths: readonly string[], changed: () => void): () => void;
}

/** The files of this kernel. */
export const kernelSysfs: Sysfs = {
  read: readSysfs,
  write: writeSysfs,
  hasLink,
  watch: watchDirectories,
};
