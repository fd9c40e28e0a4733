import { basename, dirname, join } from 'node:path';
import type { DvSignal } from '../../drivers/linux/dv-signal.ts';
import { listSystemDir, readSystemText, systemRealPath } from '../../platform/system-files.ts';
import type { BoxSerial, BoxVideo } from './box.ts';

/** Asks nodes of Video4Linux themselves; what cannot be asked says nothing. */
export interface VideoQuestions {
  /** What an HDMI chip sees. */
  signalOf(node: string): Promise<DvSignal>;
  formatsOf(node: string): Promise<readonly string[]>;
}

/** A USB device is at most so many folders above what it is of. */
const MAX_DEPTH = 6;
/** Ports at adapters, and those at the pins of boards; the eight of every PC say nothing. */
const SERIAL = /^tty(USB|ACM|AMA|THS)\d+$/;

/** The first node of each device: the others of a grabber have no pictures. */
export async function probeVideos(root: string, ask: VideoQuestions): Promise<readonly BoxVideo[]> {
  const dir = join(root, 'sys/class/video4linux');
  const byId = await linksOf(root, 'dev/v4l/by-id');
  const byPath = await linksOf(root, 'dev/v4l/by-path');
  const found: BoxVideo[] = [];
  for (const name of (await listSystemDir(dir)) ?? []) {
    const index = (await readSystemText(join(dir, name, 'index')))?.trim() ?? '0';
    if (!/^video\d+$/.test(name) || index !== '0') continue;
    const node = `/dev/${name}`;
    const usbId = await usbIdOf(join(dir, name, 'device'));
    found.push({
      ...{ node, usbId, byId: byId.get(name) ?? byPath.get(name) },
      name: (await readSystemText(join(dir, name, 'name')))?.trim() ?? '',
      driver: await driverOf(join(dir, name, 'device')),
      formats: await ask.formatsOf(node),
      signal: usbId === undefined ? (await ask.signalOf(node)).kind : 'unknown',
    });
  }
  return found;
}

/** Serial ports that have a device behind them. */
export async function probeSerials(root: string): Promise<readonly BoxSerial[]> {
  const dir = join(root, 'sys/class/tty');
  const links = await linksOf(root, 'dev/serial/by-id');
  const names = ((await listSystemDir(dir)) ?? []).filter((name) => SERIAL.test(name));
  return await Promise.all(
    names.map(async (name) => ({
      node: `/dev/${name}`,
      byId: links.get(name),
      usbId: await usbIdOf(join(dir, name, 'device')),
    })),
  );
}

/** Names that stay, by the name of the node that they lead to. */
async function linksOf(root: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of (await listSystemDir(join(root, folder))) ?? []) {
    const target = await systemRealPath(join(root, folder, name));
    if (target !== undefined) found.set(basename(target), `/${folder}/${name}`);
  }
  return found;
}

async function driverOf(device: string): Promise<string> {
  const driver = await systemRealPath(join(device, 'driver'));
  return driver === undefined ? '' : basename(driver);
}

/** Of the USB device that this is a part of. */
async function usbIdOf(device: string): Promise<string | undefined> {
  let folder = (await systemRealPath(device)) ?? '/';
  for (let depth = 0; depth < MAX_DEPTH && folder !== '/'; depth += 1) {
    const vendor = await readSystemText(join(folder, 'idVendor'));
    const product = await readSystemText(join(folder, 'idProduct'));
    if (vendor !== undefined && product !== undefined) return `${vendor.trim()}:${product.trim()}`;
    folder = dirname(folder);
  }
  return undefined;
}
