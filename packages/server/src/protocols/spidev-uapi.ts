/**
 * What a device of the SPI bus is asked by spidev (linux/spi/spidev.h): numbers and bytes of its ioctls.
 * Integers are little endian, as on every machine that Node runs on; pointers have 64 bits everywhere.
 */

/** ioctl numbers: _IOW('k', nr, size). */
export const SPI_IOCTL = {
  /** SPI_IOC_MESSAGE(1). */
  transfer: 0x4020_6b00,
  /** SPI_IOC_WR_BITS_PER_WORD. */
  bits: 0x4001_6b03,
  /** SPI_IOC_WR_MODE32. */
  mode: 0x4004_6b05,
} as const;

/** Mode 0 without more, and without a chip select of the controller (linux/spi/spi.h). */
export const SPI_MODE_0 = 0;
export const SPI_NO_CS = 0x40;

/** Where the pointers of a transfer are, bytes; what is read may replace what was sent. */
export const SPI_TRANSFER_POINTERS = { send: 0, receive: 8 } as const;
const TRANSFER = { bytes: 32, length: 16, speed: 20, delay: 24, bits: 26 } as const;
const BITS = 8;
const MAX_DELAY_US = 0xffff;

/** A number of 32 bits, as `mode` takes it. */
export function encodeSpiMode(mode: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, mode, true);
  return bytes;
}

/**
 * struct spi_ioc_transfer: `tx_buf rx_buf: u64 | len speed_hz: u32 | delay_usecs: u16 | bits_per_word
 * cs_change tx_nbits rx_nbits word_delay_usecs pad: u8`. The pointers are the caller's to fill in.
 */
export function encodeSpiTransfer(given: {
  /** Bytes. */
  readonly length: number;
  /** Hz. */
  readonly speed: number;
  /** After the last bit, µs; more than 65535 are that. */
  readonly delayUs: number;
}): Uint8Array {
  const bytes = new Uint8Array(TRANSFER.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(TRANSFER.length, given.length, true);
  view.setUint32(TRANSFER.speed, given.speed, true);
  view.setUint16(TRANSFER.delay, Math.min(given.delayUs, MAX_DELAY_US), true);
  view.setUint8(TRANSFER.bits, BITS);
  return bytes;
}
