import { isObject } from '../../protocols/qmp.ts';
import { DEVICES_PATH } from './drive-objects.ts';
import type { QemuLink } from './link.ts';

/** Where a machine's devices are: those with an id, those without, those of the board. */
const FOLDERS = [DEVICES_PATH, '/machine/peripheral-anon', '/machine/unattached'];
/** Kinds of USB controllers, the fastest first. */
const KINDS = ['xhci', 'ehci', 'uhci', 'ohci'];

interface Item {
  readonly name: string;
  readonly type: string;
}

async function list(link: QemuLink, path: string): Promise<readonly Item[]> {
  const items = await link.execute('qom-list', { path });
  return (Array.isArray(items) ? items : []).flatMap((item) => {
    if (!isObject(item) || typeof item.name !== 'string') return [];
    return [{ name: item.name, type: String(item.type) }];
  });
}

/** The machine's best bus for a USB drive; undefined when it has none. */
export async function findUsbBus(link: QemuLink): Promise<string | undefined> {
  let best: { readonly rank: number; readonly bus: string } | undefined;
  for (const folder of FOLDERS) {
    for (const { name, type } of await list(link, folder)) {
      const rank = KINDS.findIndex((kind) => type.includes(kind));
      if (rank < 0 || (best && best.rank <= rank)) continue;
      const parts = await list(link, `${folder}/${name}`);
      const bus = parts.find((part) => part.type === 'child<usb-bus>');
      if (bus) best = { rank, bus: bus.name };
    }
  }
  return best?.bus;
}
