import { KvmError } from '@crashcart/api';
import type { QemuLink } from './link.ts';

/** How long QEMU may take to let go of an unplugged device, ms; it takes 60. */
const UNPLUG_MS = 5000;

/** Unplugs a USB device, about which no guest is asked; resolves when it is gone. */
export async function unplugDevice(link: QemuLink, id: string): Promise<void> {
  const client = link.client.value;
  if (!client) throw new KvmError('UnavailableError', link.failure.value);
  const patience = new AbortController();
  const late = new Error(`QEMU did not unplug it within ${UNPLUG_MS / 1000} s`);
  const timer = setTimeout(() => patience.abort(late), UNPLUG_MS);
  const gone = client.waitForEvent(
    ({ name, data }) => name === 'DEVICE_DELETED' && data.device === id,
    patience.signal,
  );
  try {
    await Promise.all([gone, link.execute('device_del', { id })]);
  } finally {
    clearTimeout(timer);
    patience.abort(late);
  }
}
