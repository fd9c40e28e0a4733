import { bgrAt } from './colours.ts';
import { RfbError } from './limits.ts';
import type { Reading } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';

const TILE = 16;
/** Bits of a tile's first byte. */
const RAW = 1;
const BACKGROUND = 2;
const FOREGROUND = 4;
const SUBRECTS = 8;
const COLOURED = 16;

/**
 * Hextile encoding (RFC 6143, 7.7.4): tiles of 16x16 px, from left to right, then down.
 *
 *     mask: u8 | RAW: BGRX *
 *     mask: u8 | background: BGRX ? | foreground: BGRX ? | count: u8 ? | subrect *
 *     subrect: colour: BGRX ? | x:4 y:4 | width-1:4 height-1:4
 */
export function* readHextile(screen: RfbScreen, rect: RfbRect): Reading {
  const colours = { background: 0, foreground: 0 };
  for (let y = rect.y; y < rect.y + rect.height; y += TILE) {
    const height = Math.min(TILE, rect.y + rect.height - y);
    for (let x = rect.x; x < rect.x + rect.width; x += TILE) {
      const width = Math.min(TILE, rect.x + rect.width - x);
      yield* readTile(screen, { x, y, width, height }, colours);
    }
  }
}

function* readTile(
  screen: RfbScreen,
  tile: RfbRect,
  colours: { background: number; foreground: number },
): Reading {
  const [mask = 0] = yield 1;
  if (mask & RAW) {
    screen.putBytes(tile, 0, yield tile.width * tile.height * 4);
    return;
  }
  if (mask & BACKGROUND) colours.background = bgrAt(yield 4, 0);
  if (mask & FOREGROUND) colours.foreground = bgrAt(yield 4, 0);
  screen.fill(tile, colours.background);
  if (!(mask & SUBRECTS)) return;
  const [count = 0] = yield 1;
  const size = mask & COLOURED ? 6 : 2;
  const bytes = yield count * size;
  for (let at = 0; at < bytes.length; at += size) {
    const colour = mask & COLOURED ? bgrAt(bytes, at) : colours.foreground;
    const [place = 0, extent = 0] = bytes.subarray(at + size - 2);
    const [x, y] = [place >> 4, place & 15];
    const [width, height] = [(extent >> 4) + 1, (extent & 15) + 1];
    if (x + width > tile.width || y + height > tile.height) {
      throw new RfbError('The VNC server sent a rectangle outside its tile');
    }
    screen.fill({ x: tile.x + x, y: tile.y + y, width, height }, colour);
  }
}
