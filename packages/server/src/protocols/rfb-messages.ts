/**
 * Client messages of RFB 3.8 (RFC 6143) and the numbers of both directions.
 */

/** Encodings by the registry's numbers; negative ones are pseudo-encodings. */
export const ENCODING = {
  raw: 0,
  desktopSize: -223,
  ledState: -261,
} as const;

/** Bits of QEMU's LED state pseudo-encoding. */
export const RFB_LED = { scroll: 1, num: 2, caps: 4 } as const;

/** What a server may claim; more is an RfbError. Sizes in px and bytes. */
export const RFB_LIMITS = {
  width: 8192,
  height: 8192,
  nameBytes: 65_536,
  reasonBytes: 65_536,
  cutTextBytes: 16 * 1024 * 1024,
} as const;

/** The server broke the protocol or refused us; the connection is of no use any more. */
export class RfbError extends Error {
  override readonly name = 'RfbError';
}

/**
 * SetPixelFormat (7.5.1) for BGRX in memory: 32 bits a pixel, little endian.
 *
 *     00 pad*3 | bpp depth big-endian true-colour | max r g b: u16 | shift r g b | pad*3
 */
export function setPixelFormat(): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0);
}

/** SetEncodings (7.5.2): `02 pad | count: u16 | encoding: i32 *`. */
export function setEncodings(encodings: readonly number[]): Uint8Array {
  const message = new Uint8Array(4 + encodings.length * 4);
  const view = new DataView(message.buffer);
  message[0] = 2;
  view.setUint16(2, encodings.length);
  encodings.forEach((encoding, index) => {
    view.setInt32(4 + index * 4, encoding);
  });
  return message;
}

/** FramebufferUpdateRequest (7.5.3) for the whole screen: `03 incremental | x y w h: u16`. */
export function updateRequest(incremental: boolean, width: number, height: number): Uint8Array {
  const message = new Uint8Array(10);
  const view = new DataView(message.buffer);
  message[0] = 3;
  message[1] = incremental ? 1 : 0;
  view.setUint16(6, width);
  view.setUint16(8, height);
  return message;
}

/**
 * ClientCutText (7.5.6) without text. It reaches no input device of the guest, but QEMU takes it as
 * activity and refreshes its screen at full speed again.
 */
export function poke(): Uint8Array {
  return Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0);
}
