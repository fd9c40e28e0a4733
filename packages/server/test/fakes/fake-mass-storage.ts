import { closeSync, fstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import type { Sysfs } from '../../src/platform/sysfs.ts';

const DRIVE = /\/usb_gadget\/kvmd\/functions\/mass_storage\.usb0\/lun\.0\/(\w+)$/;
const LINK = /\/usb_gadget\/kvmd\/configs\/c\.1\/mass_storage\.usb0$/;
/** The kernel's limits: a CD of 300 sectors, a flash drive of one. */
const SMALLEST_CD = 300 * 2048;
const SMALLEST_FLASH = 512;

const ERRNO = { ENOENT: 2, EACCES: 13, EBUSY: 16, EINVAL: 22, ETOOSMALL: 525 } as const;

/** What a test may make otherwise than the kernel has it. */
export interface FakeMassStorageOptions {
  /** Takes images of any size, as the rig of the recordings did. */
  readonly anySize?: boolean;
  /** Attributes that this kernel lacks. */
  readonly lacks?: readonly string[];
}

/**
 * The mass storage function of Linux' USB gadget (storage_common.c) at its configfs files: it really
 * opens the images that are put in. A test plays the machine and the gadget's owner.
 */
export class FakeMassStorage implements Sysfs, Disposable {
  /** What was written, as `attribute=value`. */
  readonly writes: string[] = [];
  /** The machine does not want its medium to be taken (PREVENT ALLOW MEDIUM REMOVAL). */
  isLocked = false;
  /** Fails the next write of this attribute with this code. */
  failNext: { readonly attribute: string; readonly code: keyof typeof ERRNO } | undefined;
  readonly #options: FakeMassStorageOptions;
  readonly #watchers = new Set<() => void>();
  #exists = true;
  #isLinked = true;
  #fd: number | undefined;
  #cdrom = false;
  #ro = false;
  /** The drive of an image that could not be opened for writing is read-only while it is in. */
  #openedRo = false;

  constructor(options: FakeMassStorageOptions = {}) {
    this.#options = options;
  }

  /** Path of the image that the machine has; '' = none. */
  get file(): string {
    return this.#fd === undefined ? '' : readlinkSync(`/proc/self/fd/${this.#fd}`);
  }

  /** What kind of drive the machine sees. */
  get kind(): { readonly cdrom: boolean; readonly ro: boolean } {
    return { cdrom: this.#cdrom, ro: this.#fd === undefined ? this.#ro : this.#openedRo };
  }

  /** Links the function into the gadget's configuration, or not; what is in stays in. */
  link(isLinked: boolean): void {
    this.#isLinked = isLinked;
    this.#tell();
  }

  /** Makes the function, empty and linked, or removes it with what is in. */
  exist(exists: boolean): void {
    this.#close();
    this.#exists = exists;
    this.link(exists);
  }

  /** The machine ejects; nobody is told. */
  ejectByMachine(): void {
    if (!this.isLocked) this.#close();
  }

  async read(path: string): Promise<string> {
    switch (this.#attribute(path)) {
      case 'file':
        return this.file;
      case 'cdrom':
        return this.kind.cdrom ? '1' : '0';
      case 'ro':
        return this.kind.ro ? '1' : '0';
      default:
        throw failed('EACCES', 'open', path);
    }
  }

  async write(path: string, value: string): Promise<void> {
    const name = this.#attribute(path);
    this.writes.push(`${name}=${value.trim()}`);
    const fail = this.failNext;
    if (fail?.attribute === name) {
      this.failNext = undefined;
      throw failed(fail.code, 'write');
    }
    this.#store(name, value.replace(/\n$/, ''));
    this.#tell();
  }

  async hasLink(path: string): Promise<boolean> {
    return LINK.test(path) && this.#isLinked;
  }

  watch(paths: readonly string[], changed: () => void): () => void {
    const isGone = !this.#exists && paths.some((path) => path.endsWith('/lun.0'));
    if (isGone) throw failed('ENOENT', 'watch');
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #attribute(path: string): string {
    const name = this.#exists ? DRIVE.exec(path)?.[1] : undefined;
    if (name === undefined || this.#options.lacks?.includes(name)) {
      throw failed('ENOENT', 'open', path);
    }
    return name;
  }

  #store(name: string, value: string): void {
    if (name === 'file') this.#storeFile(value);
    else if (name === 'forced_eject') {
      this.isLocked = false;
      this.#close();
    } else if (value !== '0' && value !== '1') throw failed('EINVAL', 'write');
    else if (name === 'ro') this.#storeRo(value === '1');
    else if (name === 'cdrom') {
      // So is the kernel: only a drive that becomes a CD-ROM must be empty.
      if (value === '1') this.#storeRo(true);
      this.#cdrom = value === '1';
    }
  }

  #storeRo(ro: boolean): void {
    if (this.#fd !== undefined) throw failed('EBUSY', 'write');
    this.#ro = ro;
  }

  #storeFile(path: string): void {
    if (this.#fd !== undefined && this.isLocked) throw failed('EBUSY', 'write');
    if (path === '') {
      this.#close();
      return;
    }
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) throw failed('ENOENT', 'write');
    const isReadOnly = this.#ro || (stats.mode & 0o222) === 0;
    const fd = openSync(path, isReadOnly ? 'r' : 'r+');
    try {
      if (!fstatSync(fd).isFile()) throw failed('EINVAL', 'write');
      const smallest = this.#cdrom ? SMALLEST_CD : SMALLEST_FLASH;
      if (!this.#options.anySize && stats.size < smallest) throw failed('ETOOSMALL', 'write');
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#close();
    this.#fd = fd;
    this.#openedRo = isReadOnly;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    try {
      closeSync(fd);
    } catch {
      // Whatever a file system that has gone says: the kernel does not ask.
    }
  }

  #tell(): void {
    for (const changed of this.#watchers) changed();
  }
}

/** An error as Node makes it of the kernel's. */
function failed(code: keyof typeof ERRNO, syscall: string, path?: string): Error {
  const number = -ERRNO[code];
  const name = code === 'ETOOSMALL' ? `Unknown system error ${number}` : code;
  return Object.assign(new Error(`${name}, ${syscall}`), {
    ...{ code: name, errno: number, syscall },
    ...(path === undefined ? {} : { path }),
  });
}
