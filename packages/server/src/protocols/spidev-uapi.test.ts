import { expect, it } from 'vitest';
import { encodeSpiMode, encodeSpiTransfer, SPI_IOCTL, SPI_NO_CS } from './spidev-uapi.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** _IOW(type, nr, size) of asm-generic/ioctl.h. */
const iow = (nr: number, size: number) => 2 ** 30 + (size << 16) + (0x6b << 8) + nr;

it('numbers its calls as the kernel does', () => {
  expect(SPI_IOCTL).toEqual({ transfer: iow(0, 32), bits: iow(3, 1), mode: iow(5, 4) });
});

it('encodes a transfer and a mode', () => {
  const pointers = '00'.repeat(16);
  expect(hex(encodeSpiTransfer({ length: 8, speed: 100_000, delayUs: 1 }))).toBe(
    `${pointers}08000000a08601000100080000000000`,
  );
  expect(hex(encodeSpiTransfer({ length: 1, speed: 1, delayUs: 70_000 }))).toBe(
    `${pointers}0100000001000000ffff080000000000`,
  );
  expect(hex(encodeSpiMode(SPI_NO_CS))).toBe('40000000');
});
