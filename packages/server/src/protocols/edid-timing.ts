/**
 * How a mode of a display is sent, as a detailed timing descriptor of 18 bytes (VESA E-EDID 1.4, 3.10.2):
 *
 *      0 u16le pixel clock, 10 kHz
 *      2 active, blanking (8 low bits each), high bits of both: across
 *      5 the same down
 *      8 front porch, sync across; front porch and sync down (4 low bits each); high bits of all
 *     12 size in mm (not told), 15 borders, 17 flags: separate syncs and their signs
 */
export const TIMING_BYTES = 18;

/** A progressive mode; px and lines. */
export interface Timing {
  readonly width: number;
  readonly height: number;
  readonly pixelClockKhz: number;
  /** Front porch, sync and back porch. */
  readonly across: readonly [front: number, sync: number, back: number];
  readonly down: readonly [front: number, sync: number, back: number];
  /** Whether the sync pulses are positive, across and down. */
  readonly positive: readonly [across: boolean, down: boolean];
}

const DIGITAL_SEPARATE = 0x18;
const POSITIVE_ACROSS = 0x02;
const POSITIVE_DOWN = 0x04;

const mode = (
  [width, height]: readonly [number, number],
  pixelClockKhz: number,
  across: Timing['across'],
  down: Timing['down'],
  positive: Timing['positive'] = [true, true],
): Timing => ({ width, height, pixelClockKhz, across, down, positive });

/** Modes by name: of CEA-861, VESA DMT and, with a vertical sync that is not positive, VESA CVT-RB. */
export const TIMINGS = {
  '800x600@60': mode([800, 600], 40_000, [40, 128, 88], [1, 4, 23]),
  '1024x768@60': mode([1024, 768], 65_000, [24, 136, 160], [3, 6, 29], [false, false]),
  '1280x720@50': mode([1280, 720], 74_250, [440, 40, 220], [5, 5, 20]),
  '1280x720@60': mode([1280, 720], 74_250, [110, 40, 220], [5, 5, 20]),
  '1280x1024@60': mode([1280, 1024], 108_000, [48, 112, 248], [1, 3, 38]),
  '1440x900@60': mode([1440, 900], 88_750, [48, 32, 80], [3, 6, 17], [true, false]),
  '1600x1200@60': mode([1600, 1200], 162_000, [64, 192, 304], [1, 3, 46]),
  '1680x1050@60': mode([1680, 1050], 119_000, [48, 32, 80], [3, 6, 21], [true, false]),
  '1920x1080@30': mode([1920, 1080], 74_250, [88, 44, 148], [4, 5, 36]),
  '1920x1080@50': mode([1920, 1080], 148_500, [528, 44, 148], [4, 5, 36]),
  '1920x1080@60': mode([1920, 1080], 148_500, [88, 44, 148], [4, 5, 36]),
  '1920x1200@60': mode([1920, 1200], 154_000, [48, 32, 80], [3, 6, 26], [true, false]),
} as const;

/** The name of a mode that an EDID can be told to prefer. */
export type TimingName = keyof typeof TIMINGS;

/** Frames per second. */
export function refreshHz({ width, height, pixelClockKhz, across, down }: Timing): number {
  const total = (size: number, [front, sync, back]: Timing['across']) => size + front + sync + back;
  return (pixelClockKhz * 1000) / (total(width, across) * total(height, down));
}

/** The descriptor of a mode. */
export function encodeTiming({ width, height, pixelClockKhz, ...rest }: Timing): Uint8Array {
  const [front, sync, back] = rest.across;
  const [frontDown, syncDown, backDown] = rest.down;
  const [blank, blankDown] = [front + sync + back, frontDown + syncDown + backDown];
  const [isPositive, isPositiveDown] = rest.positive;
  const clock = Math.round(pixelClockKhz / 10);
  return Uint8Array.of(
    ...[clock & 0xff, clock >> 8],
    ...[width & 0xff, blank & 0xff, ((width >> 8) << 4) | (blank >> 8)],
    ...[height & 0xff, blankDown & 0xff, ((height >> 8) << 4) | (blankDown >> 8)],
    ...[front & 0xff, sync & 0xff, ((frontDown & 0xf) << 4) | (syncDown & 0xf)],
    ((front >> 8) << 6) | ((sync >> 8) << 4) | ((frontDown >> 4) << 2) | (syncDown >> 4),
    ...[0, 0, 0, 0, 0],
    DIGITAL_SEPARATE | (isPositive ? POSITIVE_ACROSS : 0) | (isPositiveDown ? POSITIVE_DOWN : 0),
  );
}

/** The mode of a descriptor; undefined when it is another kind of one, or too short. */
export function decodeTiming(bytes: Uint8Array): Timing | undefined {
  const at = (index: number) => bytes[index] ?? 0;
  const pixelClockKhz = (at(0) | (at(1) << 8)) * 10;
  if (bytes.length < TIMING_BYTES || pixelClockKhz === 0) return undefined;
  const across = [at(8) | ((at(11) >> 6) << 8), at(9) | (((at(11) >> 4) & 3) << 8)] as const;
  const down = [
    (at(10) >> 4) | (((at(11) >> 2) & 3) << 4),
    (at(10) & 0xf) | ((at(11) & 3) << 4),
  ] as const;
  const blank = at(3) | ((at(4) & 0xf) << 8);
  const blankDown = at(6) | ((at(7) & 0xf) << 8);
  return {
    width: at(2) | ((at(4) >> 4) << 8),
    height: at(5) | ((at(7) >> 4) << 8),
    pixelClockKhz,
    across: [...across, blank - across[0] - across[1]],
    down: [...down, blankDown - down[0] - down[1]],
    positive: [(at(17) & POSITIVE_ACROSS) !== 0, (at(17) & POSITIVE_DOWN) !== 0],
  };
}
