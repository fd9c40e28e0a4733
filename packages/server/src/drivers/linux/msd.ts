import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import type { MsdDriver, MsdDriverState, MsdMedium } from '../../core/msd-driver.ts';
import { StateCell } from '../../core/state.ts';
import { isSystemError } from '../../platform/files.ts';
import { MOUNT_SERVICE } from '../../platform/mount-service.ts';
import { kernelSysfs, type Sysfs } from '../../platform/sysfs.ts';
import { systemPathExists } from '../../platform/system-files.ts';
import { Alarm } from '../gpio/alarm.ts';
import { driveRefusal } from './drive-refusal.ts';
import { LinkedMedia } from './linked-media.ts';
import { type LunContent, StorageLun } from './storage-lun.ts';

/** A machine that ejects, and a gadget that comes, are not told by inotify: we look, ms. */
const POLL_MS = 1000;
const NO_DRIVE =
  'The USB gadget has no drive (mass_storage.usb0) now: crashcart otg start makes it where kvmd.msd.type is otg';

/** What the driver is made of. */
export interface OtgMsdOptions {
  readonly log: Log;
  /** Where /sys is; the system's unless told. */
  readonly sysDir?: string | undefined;
  /** How its files are reached; those of this kernel unless told. */
  readonly sysfs?: Sysfs | undefined;
  /** Socket of the program that mounts linked images, where it runs; that of our unit unless told. */
  readonly mountService?: string | undefined;
}

/**
 * The virtual drive of a USB gadget that PiKVM's `kvmd-otg` has made. What is in it the kernel knows,
 * and is asked; other programs may use the drive as well, and the gadget may come and go.
 */
export class OtgMsd implements MsdDriver {
  readonly enabled = true;
  readonly state = new StateCell<MsdDriverState>({ online: false, medium: undefined });
  readonly #log: Log;
  readonly #lun: StorageLun;
  readonly #linked: LinkedMedia;
  readonly #alarm = new Alarm();
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  /** The kernel resolves links: what it shows is not always what it was given. */
  #given: { readonly source: string; readonly file: string } | undefined;
  #failure = '';
  /** What is in gives errors and cannot be taken out. */
  #isStuck = false;

  private constructor(options: OtgMsdOptions) {
    const { log, sysDir = '/sys', sysfs = kernelSysfs, mountService = MOUNT_SERVICE } = options;
    this.#log = log;
    this.#lun = new StorageLun(sysfs, sysDir);
    this.#linked = new LinkedMedia(log, mountService);
  }

  /** Resolves when the state is known. A gadget that is not there yet may come later. */
  static async open(options: OtgMsdOptions): Promise<OtgMsd> {
    const driver = new OtgMsd(options);
    await driver.#ejectOrphan();
    await driver.#read();
    const { online } = driver.state.value;
    if (!online) options.log.warn({}, NO_DRIVE);
    driver.#following = driver.#follow();
    return driver;
  }

  insert(medium: MsdMedium): Promise<void> {
    return this.#inTurn(async () => {
      const before = await this.#require();
      const refused = `The drive cannot take ${medium.source}`;
      const file = await this.#linked.fileOf(medium.source);
      // The usual reason, before anything has changed.
      if (!(await systemPathExists(file))) {
        throw new KvmError('MsdDriveError', `${refused}: there is no such file`);
      }
      await this.#empty(before);
      try {
        await this.#put(medium, file);
      } catch (error) {
        await this.#restore(before);
        throw driveRefusal(refused, error);
      }
    });
  }

  eject(): Promise<void> {
    return this.#inTurn(async () => this.#empty(await this.#require()));
  }

  reset(): Promise<void> {
    return this.#inTurn(async () => {
      const content = await this.#require();
      try {
        if (!(await this.#lun.forceEject())) await this.#empty(content);
      } catch (error) {
        throw driveRefusal('The drive could not be reset', error);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('closed'));
    await this.#following;
    await this.#last;
    await this.#letGoOfLinked();
  }

  /** Of a linked image whose nbdfuse has ended, with an earlier server or by itself, come errors only. */
  async #ejectOrphan(): Promise<void> {
    const content = await this.#lun.content().catch(() => undefined);
    if (!content || !(await this.#linked.isOrphan(content.file))) return;
    try {
      await this.#empty(content);
      this.#isStuck = false;
      this.#log.warn({}, 'What served the linked image has ended: ejected; insert it again');
    } catch (error) {
      const message = 'A linked image that has ended is still in the drive';
      // Once: it is looked every second.
      if (!this.#isStuck) this.#log.warn({ err: error }, message);
      this.#isStuck = true;
    }
  }

  /** A linked image ends with this server: the machine is not left with a drive that hangs. */
  async #letGoOfLinked(): Promise<void> {
    try {
      const content = await this.#lun.content();
      const isLinked = content && this.#linked.sourceOf(content.file) !== content.file;
      if (isLinked) await this.#empty(content);
    } catch (error) {
      this.#log.warn({ err: error }, 'The linked image is still in the drive');
    } finally {
      await this.#linked.keepOnly('');
    }
  }

  /** One act at a time, none beside a look; the state is that after it when it resolves. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      try {
        await act();
      } finally {
        await this.#read();
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #require(): Promise<LunContent> {
    const content = (await this.#lun.isLinked()) ? await this.#lun.content() : undefined;
    if (!content) throw new KvmError('MsdOfflineError');
    return content;
  }

  /** A tray that the machine has locked is opened by force. */
  async #empty({ file }: LunContent): Promise<void> {
    if (file === '') return;
    try {
      await this.#lun.eject();
    } catch (error) {
      if (!isSystemError(error, 'EBUSY')) {
        throw driveRefusal('The drive does not let go of its medium', error);
      }
      if (!(await this.#lun.forceEject())) {
        const message =
          'The machine has locked the drive, and this kernel cannot open it by force: eject it there';
        throw new KvmError('MsdDriveError', message, { cause: error });
      }
      this.#log.info({ medium: file }, 'The machine had locked its drive: ejected by force');
    }
  }

  async #put({ source, cdrom, rw }: MsdMedium, file: string): Promise<void> {
    await this.#lun.setKind({ cdrom, ro: !rw });
    await this.#lun.setFile(file);
    const content = await this.#lun.content();
    if (!content || content.file === '') return;
    this.#given = { source, file: content.file };
    // The kernel takes an image that it may not write, and says nothing.
    if (rw && content.ro) throw new KvmError('MsdDriveError', `${source} cannot be written`);
  }

  /** After a failed act: the drive is as it was. */
  async #restore(before: LunContent): Promise<void> {
    try {
      const content = await this.#lun.content();
      if (!content) return;
      await this.#empty(content);
      await this.#lun.setKind(before);
      if (before.file !== '') await this.#lun.setFile(before.file);
    } catch (error) {
      this.#log.error({ err: error, medium: before.file }, 'The drive is not as it was before');
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    let watched = this.#watch();
    while (!signal.aborted) {
      await this.#alarm.wait(POLL_MS, signal).catch(() => undefined);
      if (signal.aborted) break;
      const { online } = this.state.value;
      await this.#inTurn(() => this.#ejectOrphan());
      const isOther = online !== this.state.value.online;
      if (isOther) this.#log.info({}, online ? 'The drive is gone' : 'The drive is there');
      if (watched.isWhole && !isOther) continue;
      // Directories that came anew are others.
      watched.close();
      watched = this.#watch();
    }
    watched.close();
  }

  #watch() {
    return this.#lun.watch(() => this.#alarm.ring());
  }

  /** Never throws: a drive that cannot be read is none. */
  async #read(): Promise<void> {
    try {
      const isLinked = await this.#lun.isLinked();
      const content = await this.#lun.content();
      await this.#linked.keepOnly(content?.file ?? '');
      // What the kernel holds open comes back with the function.
      const medium = content && this.#mediumOf(content);
      this.state.set({ online: isLinked && content !== undefined, medium });
      this.#failure = '';
    } catch (error) {
      this.state.patch({ online: false });
      const failure = error instanceof Error ? error.message : String(error);
      // Once: it is looked every second.
      if (failure !== this.#failure) this.#log.warn({ err: error }, 'The drive cannot be read');
      this.#failure = failure;
    }
  }

  #mediumOf({ file, cdrom, ro }: LunContent): MsdMedium | undefined {
    if (file === '') return undefined;
    const source = file === this.#given?.file ? this.#given.source : this.#linked.sourceOf(file);
    return { source, cdrom, rw: !ro && !cdrom };
  }
}
