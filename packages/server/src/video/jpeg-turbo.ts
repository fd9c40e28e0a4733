import { KvmError } from '@crashcart/api';

/** The part of @julusian/jpeg-turbo that we use; all calls run in libuv's pool. */
export interface JpegTurbo {
  /** Encodes `width`x`height` px BGRX without row padding to JPEG 4:2:0 into `out`. */
  encode(
    pixels: Buffer,
    width: number,
    height: number,
    quality: number,
    out: Buffer,
  ): Promise<Buffer>;
  /** Decodes to BGRX; rejects with UnavailableError what cannot be read. */
  decode(jpeg: Buffer): Promise<{ data: Buffer; width: number; height: number }>;
  /** How large an output can get, bytes. */
  outputBytes(width: number, height: number): number;
}

let loaded: Promise<JpegTurbo> | undefined;

/** Loads the optional package once; rejects with UnavailableError that says what to install. */
export function loadJpegTurbo(): Promise<JpegTurbo> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<JpegTurbo> {
  let turbo: typeof import('@julusian/jpeg-turbo');
  try {
    const module = await import('@julusian/jpeg-turbo');
    turbo = (module as { default?: typeof turbo }).default ?? module;
  } catch (cause) {
    throw new KvmError(
      'UnavailableError',
      'Video needs the optional package @julusian/jpeg-turbo 2.3.0: npm install --include=optional',
      { cause },
    );
  }
  const { FORMAT_BGRX: format, SAMP_420: subsampling } = turbo;
  return {
    encode: (pixels, width, height, quality, out) =>
      turbo.compress(pixels, out, { format, width, height, subsampling, quality }),
    async decode(jpeg) {
      try {
        return await turbo.decompress(jpeg, { format });
      } catch (cause) {
        throw new KvmError('UnavailableError', 'The picture is broken', { cause });
      }
    },
    // Of a tiny picture either bound may be the larger one, and the library checks either.
    outputBytes: (width, height) =>
      Math.max(
        turbo.bufferSize({ width, height, subsampling: turbo.SAMP_444 }),
        turbo.bufferSize({ width, height, subsampling }),
      ),
  };
}
