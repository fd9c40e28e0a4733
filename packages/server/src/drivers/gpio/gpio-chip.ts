import type { GpioCalls } from '../../platform/gpio-calls.ts';
import {
  type ChipInfo,
  decodeChipInfo,
  decodeLineInfo,
  emptyChipInfo,
  encodeLineInfo,
  GPIO_IOCTL,
} from '../../protocols/gpio-uapi.ts';

/** Lines as the kernel calls them. */
export interface FoundLines {
  /** Path of the chip. */
  readonly path: string;
  /** Numbers of the lines by pin. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** Finds a chip by path, name, number or label, and its lines by numbers or names. Throws if not. */
export function findLines(calls: GpioCalls, device: string, pins: readonly string[]): FoundLines {
  const path = pathOf(calls, device);
  const names = new Set(pins.filter((pin) => !isNumber(pin)));
  const named = names.size > 0 ? onChip(calls, path, (fd) => namedLines(calls, fd, names)) : [];
  const offsets = new Map<string, number>(named);
  for (const pin of pins) {
    if (isNumber(pin)) offsets.set(pin, Number(pin));
    else if (!offsets.has(pin)) throw new Error(`${device} has no line ${pin}`);
  }
  return { path, offsets };
}

const isNumber = (pin: string): boolean => /^\d+$/.test(pin);

function pathOf(calls: GpioCalls, device: string): string {
  if (device.startsWith('/')) return device;
  if (isNumber(device)) return `/dev/gpiochip${device}`;
  if (/^gpiochip\d+$/.test(device)) return `/dev/${device}`;
  const path = calls.listChips().find((each) => {
    return onChip(calls, each, (fd) => chipInfo(calls, fd)).label === device;
  });
  if (path === undefined) throw new Error(`There is no GPIO chip ${device}`);
  return path;
}

/** The first line of each name; the kernel lets several have one. */
function namedLines(calls: GpioCalls, fd: number, names: ReadonlySet<string>) {
  const found = new Map<string, number>();
  const { lines } = chipInfo(calls, fd);
  for (let offset = 0; offset < lines && found.size < names.size; offset += 1) {
    const info = encodeLineInfo(offset);
    calls.ioctl(fd, GPIO_IOCTL.lineInfo, info);
    const { name } = decodeLineInfo(info);
    if (names.has(name) && !found.has(name)) found.set(name, offset);
  }
  return found;
}

function chipInfo(calls: GpioCalls, fd: number): ChipInfo {
  const info = emptyChipInfo();
  calls.ioctl(fd, GPIO_IOCTL.chipInfo, info);
  return decodeChipInfo(info);
}

function onChip<T>(calls: GpioCalls, path: string, action: (fd: number) => T): T {
  const fd = calls.open(path);
  try {
    return action(fd);
  } finally {
    calls.close(fd);
  }
}
