/**
 * Client messages of RFB 3.8 (RFC 6143) and the numbers of both directions.
 */

/** Encodings by the registry's numbers; negative ones are pseudo-encodings. */
export const ENCODING = {
  raw: 0,
  copyRect: 1,
  hextile: 5,
  tight: 7,
  zrle: 16,
  desktopSize: -223,
  lastRect: -224,
  cursor: -239,
  extendedKeys: -258,
  qemuAudio: -259,
  ledState: -261,
  extendedDesktopSize: -308,
  vmwareLedState: 0x57_4d_56_68,
} as const;

/** The pseudo-encoding that allows JPEG of this quality, 0 (worst) to 9, in Tight rectangles. */
export const jpegQuality = (level: number): number => -32 + level;

/** The pseudo-encoding that asks for zlib's level, 0 (none) to 9 (slowest). */
export const compression = (level: number): number => -256 + level;

/**
 * Bits of a pointer's buttons: wheel steps are presses. 128 is the eighth button, that goes back.
 */
export const RFB_BUTTON = {
  ...{ left: 1, middle: 2, right: 4, back: 128 },
  ...{ wheelUp: 8, wheelDown: 16, wheelLeft: 32, wheelRight: 64 },
} as const;

/** Bits of the LED states, QEMU's and VMware's. */
export const RFB_LED = { scroll: 1, num: 2, caps: 4 } as const;

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

/** KeyEvent (7.5.4): `04 down | pad*2 | keysym: u32`. */
export function keyEvent(pressed: boolean, keysym: number): Uint8Array {
  const message = new Uint8Array(8);
  message[0] = 4;
  message[1] = pressed ? 1 : 0;
  new DataView(message.buffer).setUint32(4, keysym);
  return message;
}

/**
 * QEMU Extended Key Event: `ff 00 | down: u16 | keysym: u32 | keycode: u32`. The keycode is the XT
 * scan code, `set1` of the key table; the prefix e0 becomes bit 7.
 */
export function extendedKeyEvent(pressed: boolean, keysym: number, set1: number): Uint8Array {
  const message = new Uint8Array(12);
  const view = new DataView(message.buffer);
  message[0] = 255;
  view.setUint16(2, pressed ? 1 : 0);
  view.setUint32(4, keysym);
  view.setUint32(8, set1 > 0xff ? (set1 & 0x7f) | 0x80 : set1);
  return message;
}

/** PointerEvent (7.5.5): `05 buttons | x y: u16`; buttons are bits of RFB_BUTTON, a place in px. */
export function pointerEvent(buttons: number, x: number, y: number): Uint8Array {
  const message = new Uint8Array(6);
  const view = new DataView(message.buffer);
  message[0] = 5;
  message[1] = buttons;
  view.setUint16(2, x);
  view.setUint16(4, y);
  return message;
}

/**
 * ClientCutText (7.5.6) without text. It reaches no input device of the guest, but QEMU takes it as
 * activity and refreshes its screen at full speed again.
 */
export function poke(): Uint8Array {
  return Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0);
}
