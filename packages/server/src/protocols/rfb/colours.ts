/** Colours of three bytes that begin at `at`: blue first, as ZRLE has them (CPIXEL). */
export function bgrAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

/** Red first, as Tight has them (TPIXEL). */
export function rgbAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** A palette of three bytes a colour. */
export function paletteOf(
  bytes: Uint8Array,
  colourAt: (bytes: Uint8Array, at: number) => number,
): Uint32Array {
  return Uint32Array.from({ length: bytes.length / 3 }, (_, index) => colourAt(bytes, index * 3));
}
