/**
 * Frames of the PiKVM Switch on its serial line (DEVICES.md 8.1):
 *
 *     F1 payload F2
 *
 * F0, F1 and F2 in the payload are sent as F0 and the byte XOR FF. There is no checksum.
 */
const ESCAPE = 0xf0;
const START = 0xf1;
const END = 0xf2;
/** Longest payload that is put together: more than any message has. */
export const MAX_PAYLOAD = 512;

/** The frame of a payload. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const bytes = [START];
  for (const byte of payload) {
    if (byte >= ESCAPE && byte <= END) bytes.push(ESCAPE, byte ^ 0xff);
    else bytes.push(byte);
  }
  bytes.push(END);
  return Uint8Array.from(bytes);
}

/**
 * Puts payloads together from whatever pieces come. Bytes between frames are skipped; a frame that
 * is too long or wrongly escaped is dropped, and each F1 begins a new one.
 */
export class FrameReader {
  /** Undefined between frames. */
  #payload: number[] | undefined;
  #escaped = false;

  /** Takes bytes and gives the payloads that they complete; never throws. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const payloads: Uint8Array[] = [];
    for (const byte of bytes) {
      if (byte === START) this.#begin();
      else if (byte === END) {
        if (this.#payload && !this.#escaped) payloads.push(Uint8Array.from(this.#payload));
        this.#payload = undefined;
      } else this.#take(byte);
    }
    return payloads;
  }

  #begin(): void {
    this.#payload = [];
    this.#escaped = false;
  }

  #take(byte: number): void {
    if (!this.#payload) return;
    if (byte === ESCAPE && !this.#escaped) {
      this.#escaped = true;
      return;
    }
    const value = this.#escaped ? byte ^ 0xff : byte;
    const wronglyEscaped = this.#escaped && (value < ESCAPE || value > END);
    this.#escaped = false;
    if (wronglyEscaped || this.#payload.length === MAX_PAYLOAD) this.#payload = undefined;
    else this.#payload.push(value);
  }
}
