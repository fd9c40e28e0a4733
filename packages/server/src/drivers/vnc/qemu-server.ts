import type { VncLink } from './link.ts';

/** Whether the server is a QEMU: it says so in the name of its screen. */
export function isQemu({ name }: Pick<VncLink, 'name'>): boolean {
  return /^QEMU\b/.test(name);
}
