import { KvmError } from '@crashcart/api';
import type { MsdMedium } from '../../core/msd-driver.ts';
import { sleep } from '../../core/sleep.ts';
import { isObject } from '../../protocols/qmp.ts';
import {
  DEVICES_PATH,
  DRIVE,
  type DriveContent,
  deviceOf,
  driveContent,
  driveDevices,
  IMAGE_NODES,
  type ImageNode,
  imageNode,
  isUsable,
  openImages,
  qomPath,
} from './drive-objects.ts';
import type { QemuLink } from './link.ts';
import { QmpError } from './qmp-client.ts';
import { unplugDevice } from './unplug.ts';
import { findUsbBus } from './usb-bus.ts';

/** How long a device that is on its way out may keep its image, ms; it takes 60. */
const CLOSE_MS = 5000;
/** How often it is asked whether an image can be closed, ms. */
const RETRY_MS = 20;
/** The machine's other boot devices may have taken some of the first places. */
const LAST_BOOT_INDEX = 30;

/**
 * The steps of plugging a USB drive with its medium, and of unplugging it, which needs no consent
 * of the guest: no locked tray and no mount holds it.
 */
export class UsbDrive {
  readonly #link: QemuLink;
  #bus: string | undefined;
  #bootIndex = 0;

  constructor(link: QemuLink) {
    this.#link = link;
  }

  /** Whether the machine has a bus to plug the drive into, as `findBus` last found. */
  get hasBus(): boolean {
    return this.#bus !== undefined;
  }

  async findBus(): Promise<void> {
    this.#bus = await findUsbBus(this.#link);
  }

  /** What is plugged, whoever plugged it. */
  async content(): Promise<DriveContent | undefined> {
    return driveContent(await this.#link.execute('query-block'));
  }

  /** Has QEMU open the image, under a name that is free. */
  async open(medium: MsdMedium): Promise<ImageNode> {
    const taken = await this.#images();
    const node = IMAGE_NODES.find((name) => !taken.has(name)) ?? IMAGE_NODES[0];
    await this.#link.execute('blockdev-add', imageNode(medium, node));
    const size = (await this.#images()).get(node) ?? 0;
    if (isUsable(medium, size)) return node;
    await this.#link.execute('blockdev-del', { 'node-name': node });
    throw new KvmError('MsdDriveError', `${medium.source} is no medium: it has ${size} bytes`);
  }

  /** Plugs the drive as the first boot device that the machine lets it be. */
  async plug(medium: MsdMedium, node: ImageNode): Promise<void> {
    if (this.#bus === undefined) throw new KvmError('MsdDriveError', 'There is no USB bus');
    for (let index = 0; ; index++) {
      const [bridge, disk] = driveDevices(medium, node, this.#bus, index);
      try {
        if (index === 0) await this.#link.execute('device_add', bridge);
        await this.#link.execute('device_add', disk);
        this.#bootIndex = index;
        break;
      } catch (error) {
        const isTaken = error instanceof Error && /bootindex .* already/.test(error.message);
        if (!isTaken || index === LAST_BOOT_INDEX) throw error;
      }
    }
    await this.#attach();
  }

  /**
   * Ends what a server that was killed had begun, and learns of its drive; false when that was on
   * its way out.
   */
  async takeOver({ medium, node }: DriveContent): Promise<boolean> {
    const path = qomPath(deviceOf(medium));
    try {
      await this.#attach();
      await this.#closeAll(node);
      const index = await this.#link.execute('qom-get', { path, property: 'bootindex' });
      if (typeof index === 'number' && index >= 0) this.#bootIndex = index;
      return true;
    } catch (error) {
      if (error instanceof QmpError && error.errorClass === 'DeviceNotFound') return false;
      throw error;
    }
  }

  /** Unplugs the drive and closes all images but one. */
  async clear(except?: ImageNode): Promise<void> {
    const devices = await this.#link.execute('qom-list', { path: DEVICES_PATH });
    const plugged = Array.isArray(devices) ? devices.filter(isObject) : [];
    if (plugged.some(({ name }) => name === DRIVE.bridge))
      await unplugDevice(this.#link, DRIVE.bridge);
    await this.#closeAll(except);
  }

  async #closeAll(except: ImageNode | undefined): Promise<void> {
    for (const node of (await this.#images()).keys()) {
      if (node !== except) await this.#close(node);
    }
  }

  /** Arguments with which a new QEMU has the medium from its first moment on. */
  launchArguments(medium: MsdMedium): readonly string[] {
    if (this.#bus === undefined) return [];
    const [node] = IMAGE_NODES;
    const devices = driveDevices(medium, node, this.#bus, this.#bootIndex);
    return [
      ...['-blockdev', JSON.stringify(imageNode(medium, node))],
      ...devices.flatMap((device) => ['-device', JSON.stringify(device)]),
    ];
  }

  /** A hot-plugged usb-bot waits for this word, so that its disk is there when the guest looks. */
  async #attach(): Promise<void> {
    const path = qomPath(DRIVE.bridge);
    await this.#link.execute('qom-set', { path, property: 'attached', value: true });
  }

  /** Closes an image; the device that had it may still be on its way out. */
  async #close(node: ImageNode): Promise<void> {
    const endMs = performance.now() + CLOSE_MS;
    for (;;) {
      try {
        await this.#link.execute('blockdev-del', { 'node-name': node });
        return;
      } catch (error) {
        const isInUse = error instanceof QmpError && error.message.includes('in use');
        if (!isInUse || performance.now() > endMs) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  async #images(): Promise<ReadonlyMap<ImageNode, number>> {
    return openImages(await this.#link.execute('query-named-block-nodes', { flat: true }));
  }
}
