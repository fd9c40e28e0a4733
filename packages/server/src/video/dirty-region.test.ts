import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DirtyRegion } from './dirty-region.ts';

const WIDTH = 333;
const HEIGHT = 200;

describe('dirty region', () => {
  it('is everything at first and clean after it was taken', () => {
    const region = new DirtyRegion();
    expect(region.take(10, 20)).toEqual({
      all: true,
      rects: [{ x: 0, y: 0, width: 10, height: 20 }],
    });
    expect(region.empty).toBe(true);
    expect(region.take(10, 20)).toEqual({ all: false, rects: [] });
  });

  it('joins neighbours and keeps far ones apart', () => {
    const region = new DirtyRegion();
    region.take(WIDTH, HEIGHT);
    region.add({ x: 0, y: 0, width: 16, height: 16 });
    region.add({ x: 160, y: 160, width: 16, height: 16 });
    region.add({ x: 16, y: 0, width: 16, height: 16 });
    expect(region.take(WIDTH, HEIGHT).rects).toEqual([
      { x: 160, y: 160, width: 16, height: 16 },
      { x: 0, y: 0, width: 32, height: 16 },
    ]);
  });

  it('covers every changed pixel with at most 16 rectangles inside the screen', () => {
    const rect = fc
      .tuple(fc.nat(WIDTH - 1), fc.nat(HEIGHT - 1), fc.nat(60), fc.nat(60))
      .map(([x, y, width, height]) => ({
        x,
        y,
        width: Math.min(width, WIDTH - x),
        height: Math.min(height, HEIGHT - y),
      }));
    fc.assert(
      fc.property(fc.array(rect, { maxLength: 60 }), (rects) => {
        const region = new DirtyRegion();
        region.take(WIDTH, HEIGHT);
        for (const one of rects) region.add(one);
        const taken = region.take(WIDTH, HEIGHT).rects;
        expect(taken.length).toBeLessThanOrEqual(16);
        for (const { x, y, width, height } of taken) {
          expect(x + width).toBeLessThanOrEqual(WIDTH);
          expect(y + height).toBeLessThanOrEqual(HEIGHT);
        }
        const covered = (px: number, py: number) =>
          taken.some(
            ({ x, y, width, height }) => px >= x && py >= y && px < x + width && py < y + height,
          );
        for (const { x, y, width, height } of rects) {
          if (width === 0 || height === 0) continue;
          expect(covered(x, y) && covered(x + width - 1, y + height - 1)).toBe(true);
        }
      }),
    );
  });
});
