import { expect, it } from 'vitest';
import { fitted, toPosition } from './coordinates.ts';

it('leaves out the borders of a picture that is wider or narrower than its box', () => {
  const box = { left: 10, top: 20, width: 400, height: 400 };
  expect(fitted(box, 800, 400)).toEqual({ left: 10, top: 120, width: 400, height: 200 });
  expect(fitted(box, 400, 800)).toEqual({ left: 110, top: 20, width: 200, height: 400 });
});

it('maps the corners of the picture to the ends of the range', () => {
  const picture = { left: 100, top: 50, width: 200, height: 100 };
  expect(toPosition(picture, 100, 50)).toEqual({ x: -32768, y: -32768 });
  expect(toPosition(picture, 300, 150)).toEqual({ x: 32767, y: 32767 });
  expect(toPosition(picture, 200, 100)).toEqual({ x: 0, y: 0 });
});

it('takes points outside as the edge', () => {
  const picture = { left: 100, top: 50, width: 200, height: 100 };
  expect(toPosition(picture, 0, 999)).toEqual({ x: -32768, y: 32767 });
});
