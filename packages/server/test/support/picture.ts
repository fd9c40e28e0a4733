/** A picture of BGRX, rows without padding; the fourth byte is no colour. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The mean difference of the colours of two pictures, 0..255; infinite for other sizes. */
export function difference(one: Picture, other: Picture): number {
  if (one.width !== other.width || one.height !== other.height) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let at = 0; at < one.width * one.height * 4; at += 1) {
    if (at % 4 !== 3) sum += Math.abs((one.data[at] ?? 0) - (other.data[at] ?? 0));
  }
  return sum / (one.width * one.height * 3);
}

/** Reads QEMU's screendump, a PPM file of RGB. */
export function parsePpm(file: Buffer): Picture {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(file.subarray(0, 64).toString('latin1'));
  if (!head) throw new Error('not a PPM file');
  const [width, height] = [Number(head[1]), Number(head[2])];
  const rgb = file.subarray(head[0].length);
  const data = Buffer.alloc(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let part = 0; part < 3; part += 1) data[pixel * 4 + 2 - part] = rgb[pixel * 3 + part] ?? 0;
  }
  return { width, height, data };
}
