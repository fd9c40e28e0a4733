import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import { isSystemError } from '../../platform/files.ts';
import type { Sysfs } from '../../platform/sysfs.ts';
import { systemPathExists } from '../../platform/system-files.ts';

/** Names of PiKVM's gadget and of its drive. */
const GADGET = 'kernel/config/usb_gadget/kvmd';
const FUNCTION = 'mass_storage.usb0';
/** What the kernel adds to the path of a file that somebody has removed since. */
const DELETED = ' (deleted)';

/** What the kernel says of the drive. */
export interface LunContent {
  /** Absolute path of the image, links resolved; empty = none. */
  readonly file: string;
  readonly cdrom: boolean;
  readonly ro: boolean;
}

/**
 * The first logical unit of a USB gadget's mass storage function, in configfs (Linux
 * Documentation/ABI/testing/configfs-usb-gadget-mass-storage). Errors are those of the kernel.
 */
export class StorageLun {
  readonly #sysfs: Sysfs;
  readonly #gadget: string;

  constructor(sysfs: Sysfs, sysDir: string) {
    this.#sysfs = sysfs;
    this.#gadget = join(sysDir, GADGET);
  }

  /** Whether the function is part of what the machine sees. */
  async isLinked(): Promise<boolean> {
    return await this.#sysfs.hasLink(join(this.#gadget, 'configs/c.1', FUNCTION));
  }

  /** What is in; undefined where there is no such function. */
  async content(): Promise<LunContent | undefined> {
    try {
      const file = await this.#sysfs.read(this.#attribute('file'));
      const cdrom = await this.#flag('cdrom');
      const ro = await this.#flag('ro');
      return { file: await withoutMark(file), cdrom, ro };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Says what the drive shall be; EBUSY while an image is in. */
  async setKind({ cdrom, ro }: Pick<LunContent, 'cdrom' | 'ro'>): Promise<void> {
    // In this order: a drive that becomes a CD-ROM becomes read-only, too.
    await this.#setFlag('cdrom', cdrom);
    await this.#setFlag('ro', ro);
  }

  /** Puts an image in; the one before goes only when this one can be opened. */
  async setFile(path: string): Promise<void> {
    await this.#sysfs.write(this.#attribute('file'), path);
  }

  /** Takes out what is in; EBUSY while the machine has locked the tray. */
  async eject(): Promise<void> {
    await this.#sysfs.write(this.#attribute('file'), '\n');
  }

  /** Takes out what is in, whatever the machine says; false where the kernel cannot do that. */
  async forceEject(): Promise<boolean> {
    try {
      await this.#sysfs.write(this.#attribute('forced_eject'), '\n');
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * Hears of what other programs do, not of what the kernel itself changes. Directories that are
   * not there are not watched: `isWhole` tells whether all are.
   */
  watch(changed: () => void): { readonly isWhole: boolean; readonly close: () => void } {
    const directories = ['configs/c.1', 'functions', join('functions', FUNCTION, 'lun.0')];
    const closes = directories.flatMap((name) => {
      try {
        return [this.#sysfs.watch([join(this.#gadget, name)], changed)];
      } catch {
        return [];
      }
    });
    const close = () => {
      for (const each of closes) each();
    };
    return { isWhole: closes.length === directories.length, close };
  }

  #attribute(name: string): string {
    return join(this.#gadget, 'functions', FUNCTION, 'lun.0', name);
  }

  /** Kernels of other makers lack some flags: those are never set. */
  async #flag(name: string): Promise<boolean> {
    try {
      return (await this.#sysfs.read(this.#attribute(name))).trim() === '1';
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #setFlag(name: string, value: boolean): Promise<void> {
    try {
      await this.#sysfs.write(this.#attribute(name), value ? '1' : '0');
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (!value) return;
      throw new KvmError('MsdDriveError', `The drive of this kernel cannot be set to ${name}`);
    }
  }
}

/** The file itself is not there, not what its content names. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENODEV') && !isOfWrite(error);
}

/** Whether the kernel refused a value, rather than the access to the file. */
export function isOfWrite(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'write';
}

async function withoutMark(file: string): Promise<string> {
  if (!file.endsWith(DELETED) || (await systemPathExists(file))) return file;
  return file.slice(0, -DELETED.length);
}
