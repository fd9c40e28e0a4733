import { describe, expect, it } from 'vitest';
import { JpegEncoder } from './jpeg-encoder.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { parseStrip } from './strip-splice.ts';

/** A picture with detail everywhere, so that a wrong strip cannot go unseen. */
function noise(width: number, height: number, seed: number) {
  const data = Buffer.alloc(width * height * 4);
  let state = seed;
  for (let index = 0; index < data.length; index += 1) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    data[index] = ((state >> 16) & 0x3f) + ((index >> 6) & 0x7f);
  }
  return { data, width, height };
}

async function decode(jpeg: Buffer) {
  const turbo = await loadJpegTurbo();
  const { data, width, height } = await turbo.decode(jpeg);
  return { data: Buffer.from(data), width, height };
}

describe('JPEG encoder', () => {
  it.each([
    [320, 200],
    [333, 87],
    [16, 40],
    [1920, 1080],
  ])('gives bit-identical pixels for %ix%i when only strips are encoded', async (width, height) => {
    const encoder = new JpegEncoder();
    const pixels = noise(width, height, 1);
    await encoder.encode(pixels, null, 80);
    const changed = noise(width, 3, 2);
    const y = Math.floor(height / 2);
    changed.data.copy(pixels.data, y * width * 4);
    const dirty = [{ x: 0, y, width, height: 1 }];
    pixels.data.fill(0, (y + 1) * width * 4, (y + 3) * width * 4);
    const spliced = await encoder.encode(pixels, [...dirty, { x: 0, y, width, height: 3 }], 80);
    const whole = await new JpegEncoder().encode(pixels, null, 80);
    const [a, b] = [await decode(spliced), await decode(whole)];
    expect([a.width, a.height]).toEqual([width, height]);
    expect(a.data.equals(b.data)).toBe(true);
  });

  it('encodes only what is dirty, and everything after a new quality', async () => {
    const encoder = new JpegEncoder();
    const pixels = noise(64, 160, 3);
    await encoder.encode(pixels, null, 80);
    const before = await encoder.encode(pixels, [{ x: 0, y: 0, width: 64, height: 1 }], 80);
    pixels.data.fill(255);
    const after = await encoder.encode(pixels, [{ x: 5, y: 17, width: 1, height: 1 }], 80);
    const [a, b] = [await decode(before), await decode(after)];
    const strip = (data: Buffer, index: number) =>
      data.subarray(index * 64 * 4 * 16, (index + 1) * 64 * 4 * 16);
    // Rows at a strip's edge share chroma with their neighbours when decoded; the middle does not.
    expect(strip(b.data, 4).equals(strip(a.data, 4))).toBe(true);
    expect(b.data[64 * 4 * 24]).toBeGreaterThan(250);
    const fresh = await decode(await encoder.encode(pixels, [], 50));
    expect(fresh.data[0]).toBeGreaterThan(250);
  });

  it('is not disturbed by pixels that change while it works', async () => {
    const encoder = new JpegEncoder();
    const pixels = noise(640, 480, 4);
    const copy = { ...pixels, data: Buffer.from(pixels.data) };
    const encoding = encoder.encode(pixels, null, 80);
    pixels.data.fill(0);
    const [torn, clean] = [await encoding, await new JpegEncoder().encode(copy, null, 80)];
    expect(torn.equals(clean)).toBe(true);
  });
});

describe('strip parser', () => {
  it('refuses what is no JPEG', () => {
    expect(() => parseStrip(Buffer.from('ffd8ffe0', 'hex'))).toThrow(TypeError);
    expect(() => parseStrip(Buffer.alloc(0))).toThrow(TypeError);
    expect(() => parseStrip(Buffer.alloc(64))).toThrow(TypeError);
  });
});
