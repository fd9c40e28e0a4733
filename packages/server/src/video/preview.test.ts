import { expect, test } from 'vitest';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { makePreview } from './preview.ts';

test('the smallest previews are pictures, too', async () => {
  const turbo = await loadJpegTurbo();
  const pixels = Buffer.alloc(64 * 64 * 4, 0x80);
  const jpeg = await turbo.encode(pixels, 64, 64, 90, Buffer.alloc(turbo.outputBytes(64, 64)));
  for (let maxWidth = 1; maxWidth <= 64; maxWidth += 1) {
    for (const maxHeight of [1, 3, 8, 9, 16, 17, 64]) {
      const preview = await makePreview(jpeg, { maxWidth, maxHeight, quality: 100 });
      const { width } = await turbo.decode(preview);
      expect(width).toBe(Math.min(maxWidth, maxHeight));
    }
  }
});
