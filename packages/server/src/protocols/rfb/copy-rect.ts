import { type Reading, viewOf } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';

/** CopyRect encoding (RFC 6143, 7.7.2): `source x y: u16`, pixels that the screen has already. */
export function* readCopyRect(screen: RfbScreen, rect: RfbRect): Reading {
  const view = viewOf(yield 4);
  const [x, y] = [view.getUint16(0), view.getUint16(2)];
  screen.check({ ...rect, x, y });
  screen.copy(rect, x, y);
}
