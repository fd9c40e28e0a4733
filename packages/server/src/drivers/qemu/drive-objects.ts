import type { MsdMedium } from '../../core/msd-driver.ts';
import { isObject } from '../../protocols/qmp.ts';

/** Ids of the drive's devices, by which a later server knows them again. */
export const DRIVE = {
  bridge: 'crashcart-drive',
  cdrom: 'crashcart-cdrom',
  flash: 'crashcart-flash',
} as const;

/** Where QEMU's object model has the devices that have ids. */
export const DEVICES_PATH = '/machine/peripheral';

/** Names of the opened image; two, so that a new image can be opened before the old one is out. */
export const IMAGE_NODES = ['crashcart-image-0', 'crashcart-image-1'] as const;
export type ImageNode = (typeof IMAGE_NODES)[number];

/** Bytes that a guest reads and writes at once; a smaller medium has none. */
const SECTOR = { cdrom: 2048, flash: 512 };

/** How long the guest waits for a server of ours that is started anew, s. */
const RECONNECT_S = 120;

/** What is in the drive, as QEMU tells it. */
export interface DriveContent {
  readonly medium: MsdMedium;
  readonly node: ImageNode | undefined;
  /** The machine has opened the tray: the medium is as good as out. */
  readonly ejected: boolean;
}

const isUrl = (source: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(source);

const objects = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);

const nodeNamed = (value: Readonly<Record<string, unknown>>) =>
  IMAGE_NODES.find((each) => each === value['node-name']);

/** The device that holds the medium. */
export function deviceOf({ cdrom }: MsdMedium): string {
  return cdrom ? DRIVE.cdrom : DRIVE.flash;
}

/** Where QEMU's object model has a device with an id. */
export function qomPath(id: string): string {
  return `${DEVICES_PATH}/${id}`;
}

/** Arguments of `blockdev-add` that open the image. */
export function imageNode({ source, rw }: MsdMedium, node: ImageNode): object {
  return { driver: 'raw', 'node-name': node, 'read-only': !rw, file: fileNode(source) };
}

function fileNode(source: string): object {
  const path = nbdSocket(source);
  if (path !== undefined) {
    const server = { type: 'unix', path };
    return { driver: 'nbd', server, 'reconnect-delay': RECONNECT_S };
  }
  const scheme = source.slice(0, source.indexOf(':')).toLowerCase();
  return isUrl(source) ? { driver: scheme, url: source } : { driver: 'file', filename: source };
}

/** The unix socket of an NBD server; undefined for other sources. */
function nbdSocket(source: string): string | undefined {
  return /^nbd\+unix:\/{2,3}\?socket=(.+)$/.exec(source)?.[1];
}

/** QEMU tells an NBD export in words of its own. */
function sourceOf(file: string): string {
  const path = nbdSocket(file);
  return path === undefined ? file : `nbd+unix:///?socket=${path}`;
}

/**
 * Arguments of `device_add`, in order: the USB side, then the disk behind it. A full disk of the
 * host is an error for the guest, where QEMU's default would stop the machine.
 */
export function driveDevices(
  medium: MsdMedium,
  node: ImageNode,
  bus: string,
  bootindex: number,
): readonly object[] {
  const kind = medium.cdrom ? { driver: 'scsi-cd' } : { driver: 'scsi-hd', removable: true };
  const errors = { rerror: 'report', werror: 'report' };
  return [
    { driver: 'usb-bot', id: DRIVE.bridge, bus },
    {
      ...{ ...kind, id: deviceOf(medium), bus: `${DRIVE.bridge}.0`, drive: node },
      ...{ ...errors, bootindex },
    },
  ];
}

/** What an answer to `query-block` says of the drive; undefined when it is not plugged. */
export function driveContent(blocks: unknown): DriveContent | undefined {
  for (const block of objects(blocks)) {
    const cdrom = block.qdev === DRIVE.cdrom;
    if (!cdrom && block.qdev !== DRIVE.flash) continue;
    if (!isObject(block.inserted) || typeof block.inserted.file !== 'string') return undefined;
    const source = sourceOf(block.inserted.file);
    const medium = { source, cdrom, rw: block.inserted.ro !== true };
    return { medium, node: nodeNamed(block.inserted), ejected: block.tray_open === true };
  }
  return undefined;
}

/** Which images of ours an answer to `query-named-block-nodes` names, with their sizes in bytes. */
export function openImages(nodes: unknown): ReadonlyMap<ImageNode, number> {
  const sizes = new Map<ImageNode, number>();
  for (const node of objects(nodes)) {
    const name = nodeNamed(node);
    const size = isObject(node.image) ? Number(node.image['virtual-size']) : 0;
    if (name) sizes.set(name, size);
  }
  return sizes;
}

/** Whether a guest could read anything of a medium of this size. */
export function isUsable({ cdrom }: MsdMedium, sizeBytes: number): boolean {
  return sizeBytes >= (cdrom ? SECTOR.cdrom : SECTOR.flash);
}

/** Why QEMU refuses, where its words are not plain. */
export function plainReason(reason: string): string {
  if (/Failed to get .* lock/i.test(reason)) {
    return `another machine or program uses the image (${reason})`;
  }
  if (/Unknown driver|does not accept value/i.test(reason)) {
    return `this QEMU cannot fetch images; Debian has that in qemu-block-extra (${reason})`;
  }
  return reason;
}
