/**
 * One message of `tiles` on /api/media/ws (docs/video-tiles.md), all numbers big-endian:
 *
 *     u8 kind (1)   u8 key (1 full picture, 0 changes)   u32 sequence
 *     u16 width     u16 height    f64 capture time, ms of the server's own clock
 *     u16 count     count × { u16 x  u16 y  u16 width  u16 height  u32 length  JPEG }
 */
export interface TileUpdate {
  /** A full picture, that needs no earlier one. */
  readonly key: boolean;
  readonly sequence: number;
  /** Size of the whole picture in px. */
  readonly width: number;
  readonly height: number;
  /** On the server's monotonic clock, in ms. */
  readonly capturedAtMs: number;
  readonly tiles: readonly Tile[];
}

/** A rectangle of the picture in px and its JPEG. */
export interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

const KIND_VIDEO = 1;
const HEADER_BYTES = 20;
const TILE_HEADER_BYTES = 12;

/** Reads a message; undefined when it is of another kind, cut off, or reaches out of the picture. */
export function parseTiles(buffer: ArrayBuffer): TileUpdate | undefined {
  if (buffer.byteLength < HEADER_BYTES) return undefined;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== KIND_VIDEO) return undefined;
  const width = view.getUint16(6);
  const height = view.getUint16(8);
  const count = view.getUint16(18);
  const tiles: Tile[] = [];
  let at = HEADER_BYTES;
  for (let index = 0; index < count; index += 1) {
    if (at + TILE_HEADER_BYTES > buffer.byteLength) return undefined;
    const tile = {
      x: view.getUint16(at),
      y: view.getUint16(at + 2),
      width: view.getUint16(at + 4),
      height: view.getUint16(at + 6),
    };
    const length = view.getUint32(at + 8);
    at += TILE_HEADER_BYTES;
    if (at + length > buffer.byteLength) return undefined;
    if (tile.x + tile.width > width || tile.y + tile.height > height) return undefined;
    tiles.push({ ...tile, jpeg: new Uint8Array(buffer, at, length) });
    at += length;
  }
  return {
    key: view.getUint8(1) === 1,
    sequence: view.getUint32(2),
    width,
    height,
    capturedAtMs: view.getFloat64(10),
    tiles,
  };
}
