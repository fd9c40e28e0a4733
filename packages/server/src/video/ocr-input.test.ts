import { expect, test } from 'vitest';
import { cropped, type OcrRegion, ocrInput } from './ocr-input.ts';

/** BGRX of one grey per pixel. */
function pictureOf(rows: readonly (readonly number[])[]) {
  const width = rows[0]?.length ?? 0;
  const data = new Uint8Array(rows.flat().flatMap((grey) => [grey, grey, grey, 255]));
  return { data, width, height: rows.length };
}

async function pgm(rows: readonly (readonly number[])[], region: OcrRegion = {}) {
  const pieces: Uint8Array[] = [];
  for await (const piece of ocrInput(pictureOf(rows), region)) pieces.push(piece);
  const [head = new Uint8Array(), ...body] = pieces;
  return { head: Buffer.from(head).toString(), pixels: [...Buffer.concat(body)] };
}

test('a picture becomes a PGM file three times as large, mixed between its pixels', async () => {
  const { head, pixels } = await pgm([[255, 165]]);
  expect(head).toBe('P5\n6 3\n255\n');
  const row = [255, 255, 225, 195, 165, 165];
  expect(pixels).toEqual([...row, ...row, ...row]);
});

test('light letters on dark are turned around', async () => {
  const { pixels } = await pgm([[0]]);
  expect(new Set(pixels)).toEqual(new Set([255]));
});

test('a large picture is enlarged less, so that it stays quick', async () => {
  const large = { data: new Uint8Array(2000 * 1200 * 4), width: 2000, height: 1200 };
  const { value } = await ocrInput(large, {}).next();
  expect(Buffer.from(value ?? []).toString()).toBe('P5\n2000 1200\n255\n');
});

test('only the region is read', async () => {
  const { head, pixels } = await pgm(
    [
      [0, 0, 0],
      [0, 255, 0],
    ],
    { left: 1, top: 1, right: 2 },
  );
  expect(head).toBe('P5\n3 3\n255\n');
  expect(new Set(pixels)).toEqual(new Set([255]));
});

test('edges outside of the picture are its own, negative ones and none too', () => {
  const whole = { left: 0, top: 0, width: 640, height: 480 };
  expect(cropped({}, 640, 480)).toEqual(whole);
  expect(cropped({ left: -1, top: -5, right: 9999, bottom: -1 }, 640, 480)).toEqual(whole);
  expect(cropped({ left: 600, bottom: 20 }, 640, 480)).toEqual({
    ...{ left: 600, top: 0, width: 40, height: 20 },
  });
  expect(() => cropped({ left: 640 }, 640, 480)).toThrow('The region of the text is empty');
});
