const INITIAL = 0xffff;
/** x^16 + x^15 + x^2 + 1, reflected. */
const POLYNOMIAL = 0xa001;

/** CRC-16/MODBUS; the check value of "123456789" is 0x4B37 (DEVICES.md). */
export function crc16(bytes: Uint8Array): number {
  let crc = INITIAL;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
  }
  return crc;
}
