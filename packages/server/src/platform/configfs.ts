import { constants } from 'node:fs';
import {
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { isSystemError } from './files.ts';

/** Who a file belongs to. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The kernel's configfs, where making a directory makes an object (Linux
 * Documentation/filesystems/configfs.rst). Paths are absolute; errors are those of the kernel.
 */
export interface Configfs {
  makeDir(path: string): Promise<void>;
  /** Removes an object; what the kernel itself put into it goes along. */
  removeDir(path: string): Promise<void>;
  /** Sorted names; undefined when there is no such directory. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Undefined when there is no such attribute, or it cannot be read. */
  read(path: string): Promise<Buffer | undefined>;
  /** Sets an attribute, in one call; never with no bytes, which the kernel would not hear of. */
  write(path: string, value: string | Uint8Array): Promise<void>;
  link(target: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  isLink(path: string): Promise<boolean>;
  /** Gives a file or a directory to a user; needs root. */
  own(path: string, owner: FileOwner): Promise<void>;
}

/** The configfs of this kernel. */
export const kernelConfigfs: Configfs = {
  makeDir: async (path) => await mkdir(path),
  removeDir: async (path) => await rmdir(path),
  async list(path) {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  },
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR')) return undefined;
      throw error;
    }
  },
  async write(path, value) {
    await writeFile(path, value, { flag: constants.O_WRONLY | constants.O_TRUNC });
  },
  link: async (target, path) => await symlink(target, path),
  unlink: async (path) => await unlink(path),
  async isLink(path) {
    try {
      await readlink(path);
      return true;
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'EINVAL', 'ENOTDIR')) return false;
      throw error;
    }
  },
  own: async (path, { uid, gid }) => await chown(path, uid, gid),
};
