/** A MAC address as people write it: 12 hexadecimal digits, in pairs by `:` or `-` or without. */
const MAC = /^[\da-f]{2}([:-]?)[\da-f]{2}(\1[\da-f]{2}){4}$/i;

/** Whether a text is a MAC address. */
export function isMac(text: string): boolean {
  return MAC.test(text);
}

/**
 * The datagram that wakes a network card (AMD, Magic Packet Technology, 1995); 102 bytes.
 *
 *     FF*6 | MAC*16
 *
 * Throws RangeError when `mac` is no MAC address.
 */
export function magicPacket(mac: string): Uint8Array {
  if (!isMac(mac)) throw new RangeError(`${mac} is not a MAC address`);
  const address = Buffer.from(mac.replaceAll(/[:-]/g, ''), 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => address)]);
}
