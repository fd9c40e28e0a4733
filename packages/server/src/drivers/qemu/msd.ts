import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import type { MsdDriver, MsdDriverState, MsdMedium } from '../../core/msd-driver.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, type Unsubscribe } from '../../core/state.ts';
import type { QmpEvent } from '../../protocols/qmp.ts';
import { DRIVE, IMAGE_NODES, plainReason } from './drive-objects.ts';
import type { QemuLink } from './link.ts';
import type { QmpClient } from './qmp-client.ts';
import { UsbDrive } from './usb-drive.ts';

/**
 * After QEMU has told that the tray is open, the guest still fetches the answer to its command. A
 * drive that is gone before that leaves it waiting for minutes. No event tells when it has it, ms.
 */
const ANSWERED_MS = 500;

/** The virtual drive of a QEMU machine. What is in it QEMU itself knows, and is asked. */
export class QemuMsd implements MsdDriver {
  readonly enabled = true;
  readonly state = new StateCell<MsdDriverState>({ online: false, medium: undefined });
  readonly #link: QemuLink;
  readonly #log: Log;
  readonly #drive: UsbDrive;
  readonly #unsubscribe: Unsubscribe;
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #launchable = true;
  #failed: MsdMedium | undefined;

  constructor(link: QemuLink, log: Log) {
    this.#link = link;
    this.#log = log;
    this.#drive = new UsbDrive(link);
    this.#unsubscribe = link.client.subscribe((client) => this.#follow(client));
    this.#follow(link.client.value);
  }

  insert(medium: MsdMedium): Promise<void> {
    return this.#inTurn(() => this.#insert(medium));
  }

  eject(): Promise<void> {
    return this.#inTurn(() => this.#eject());
  }

  reset(): Promise<void> {
    return this.#inTurn(async () => {
      this.#requireClient();
      await this.#drive.findBus();
      await this.#eject();
    });
  }

  /** Arguments for a QEMU that is started anew: what was in the drive is in from the beginning. */
  launchArguments(): readonly string[] {
    const { medium } = this.state.value;
    return medium && this.#launchable ? this.#drive.launchArguments(medium) : [];
  }

  /** A QEMU with the launch arguments did not start: the next one goes without them. */
  launchFailed(): void {
    this.#launchable = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort(new Error('closed'));
    await this.#last;
  }

  /** The guest's acts come between ours: one at a time, in order. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #background(act: () => Promise<unknown>): void {
    this.#inTurn(act).catch((error: unknown) => {
      if (this.#closing.signal.aborted || !this.#link.client.value) return;
      this.#log.error({ err: error }, 'The virtual drive could not be followed');
    });
  }

  #follow(client: QmpClient | undefined): void {
    if (!client) {
      this.state.patch({ online: false });
      return;
    }
    client.onEvent((event) => this.#onEvent(event));
    this.#background(() => this.#adopt());
  }

  #onEvent({ name, data }: QmpEvent): void {
    if (name === 'DEVICE_TRAY_MOVED' && data.id === DRIVE.cdrom && data['tray-open'] === true) {
      const { medium } = this.state.value;
      this.#background(async () => {
        // Not when another one has been put in meanwhile.
        if (!medium || medium !== this.state.value.medium) return;
        await sleep(ANSWERED_MS, this.#closing.signal);
        await this.#takeEjected();
      });
    }
    if (name === 'DEVICE_DELETED' && data.device === DRIVE.bridge) {
      this.#background(() => this.#tidy());
    }
    if (name === 'BLOCK_IO_ERROR' && IMAGE_NODES.some((node) => node === data['node-name'])) {
      this.#reportError(`The machine got an error from its drive: ${data.reason}`);
    }
  }

  /** A guest may try again a thousand times: the first error of a medium is told. */
  #reportError(message: string): void {
    const { medium } = this.state.value;
    if (medium === this.#failed) return;
    this.#failed = medium;
    this.#log.error({ medium }, message);
  }

  /** Meets a QEMU that an earlier server may have given a medium, or that lost ours. */
  async #adopt(): Promise<void> {
    await this.#drive.findBus();
    if (!this.#drive.hasBus) {
      this.#log.warn({}, 'QEMU has no USB controller (-device qemu-xhci): no virtual drive');
    }
    const before = this.state.value.medium;
    const content = await this.#drive.content();
    if (content?.ejected) await this.#takeEjected();
    else if (!content || !(await this.#drive.takeOver(content))) {
      // A server that was killed in the middle may have left parts.
      await this.#drive.clear();
      if (before) await this.#putBack(before);
    }
    this.#launchable = true;
    await this.#read();
  }

  async #takeEjected(): Promise<void> {
    this.#log.info({}, 'The machine has ejected the CD-ROM');
    await this.#eject();
  }

  async #insert(medium: MsdMedium): Promise<void> {
    this.#requireClient();
    if (!this.#drive.hasBus) {
      const message =
        'The machine has no USB bus for the drive: start QEMU with -device qemu-xhci,id=xhci';
      throw new KvmError('MsdDriveError', message);
    }
    const before = this.state.value.medium;
    try {
      const node = await this.#drive.open(medium);
      await this.#drive.clear(node);
      await this.#drive.plug(medium, node);
    } catch (error) {
      await this.#restore(before);
      throw refusal(`The drive cannot take ${medium.source}`, error);
    } finally {
      await this.#read();
    }
  }

  async #eject(): Promise<void> {
    this.#requireClient();
    try {
      await this.#drive.clear();
    } catch (error) {
      throw refusal('The drive does not let go of its medium', error);
    } finally {
      await this.#read();
    }
  }

  /** After a failed act: the drive is as it was. */
  async #restore(before: MsdMedium | undefined): Promise<void> {
    if (!this.#link.client.value) return;
    if (before && (await this.#drive.content())) return;
    await this.#drive.clear();
    if (before) await this.#putBack(before);
  }

  /** The drive was unplugged, by us or behind our back: its image is closed, too. */
  async #tidy(): Promise<void> {
    if (!(await this.#drive.content())) await this.#drive.clear();
    await this.#read();
  }

  async #putBack(medium: MsdMedium): Promise<void> {
    try {
      await this.#drive.plug(medium, await this.#drive.open(medium));
      this.#log.info({ medium }, 'The medium is in the drive again');
    } catch (error) {
      if (!this.#link.client.value) throw error;
      await this.#drive.clear();
      const { message } = refusal(`${medium.source} could not be put into the drive again`, error);
      this.#log.error({ err: error, medium }, message);
    }
  }

  async #read(): Promise<void> {
    if (!this.#link.client.value) return;
    const content = await this.#drive.content();
    const medium = content?.ejected ? undefined : content?.medium;
    this.state.set({ online: this.#drive.hasBus, medium });
  }

  #requireClient(): void {
    if (this.#link.client.value) return;
    throw new KvmError('UnavailableError', this.#link.failure.value);
  }
}

function refusal(what: string, error: unknown): KvmError {
  if (error instanceof KvmError) return error;
  const reason = plainReason(error instanceof Error ? error.message : String(error));
  return new KvmError('MsdDriveError', `${what}: ${reason}`, { cause: error });
}
