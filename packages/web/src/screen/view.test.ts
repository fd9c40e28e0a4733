import { expect, it } from 'vitest';
import { following, kept, MAX_ZOOM, panned, pictureBox, WHOLE, zoomedAt } from './view.ts';

/** A phone held upright; the picture lies in its middle, 400 × 300 from y = 200. */
const STAGE = { width: 400, height: 700, picture: { width: 1024, height: 768 } };

it('zooms around the fingers', () => {
  const view = zoomedAt(WHOLE, 3, { x: 100, y: 350 }, STAGE);
  expect(view).toEqual({ zoom: 3, x: -200, y: -700 });
  const { left, top, width, height } = pictureBox(view, STAGE);
  // A quarter from the left before and after.
  expect((100 - left) / width).toBeCloseTo(1 / 4);
  expect((350 - top) / height).toBeCloseTo(1 / 2);
});

it('stays between the whole picture and its limit', () => {
  expect(zoomedAt({ zoom: 2, x: -100, y: -350 }, 0.1, { x: 0, y: 0 }, STAGE)).toEqual(WHOLE);
  expect(zoomedAt(WHOLE, 100, { x: 0, y: 0 }, STAGE).zoom).toBe(MAX_ZOOM);
});

it('never shows less picture than it could', () => {
  const view = zoomedAt(WHOLE, 2, { x: 200, y: 350 }, STAGE);
  // 800 × 600: the sides may be left and right, above and below there is room for all of it.
  expect(pictureBox(panned(view, 9999, 9999, STAGE), STAGE)).toMatchObject({ left: 0, top: 50 });
  expect(pictureBox(panned(view, -9999, -9999, STAGE), STAGE)).toMatchObject({
    left: -400,
    top: 50,
  });
  expect(kept({ zoom: 1, x: 50, y: 50 }, STAGE)).toEqual(WHOLE);
});

it('follows a pointer that comes near the edge', () => {
  const view = zoomedAt(WHOLE, 2, { x: 200, y: 350 }, STAGE);
  expect(following(view, { x: 200, y: 350 }, 40, STAGE)).toEqual(view);
  expect(following(view, { x: 390, y: 350 }, 40, STAGE).x).toBe(view.x - 30);
  expect(following(view, { x: 10, y: 350 }, 40, STAGE).x).toBe(view.x + 30);
  expect(following(WHOLE, { x: 0, y: 0 }, 40, STAGE)).toEqual(WHOLE);
});
