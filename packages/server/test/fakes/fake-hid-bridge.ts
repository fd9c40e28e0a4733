import { crc16 } from '../../src/protocols/crc16.ts';
import { FakeSerialDevice } from './fake-serial-device.ts';

const PING = 0x01;
const REPEAT = 0x02;

/** An Arduino or Pico with PiKVM's HID firmware. */
export class FakeHidBridge extends FakeSerialDevice {
  /** Requests that were carried out, but for pings: command and four bytes, in hexadecimal. */
  readonly requests: string[] = [];
  /** How often it was asked for its state. */
  pings = 0;
  /** How often the last reply was asked for again. */
  repeats = 0;
  /** Flags of the state; see DEVICES.md 3.3. */
  flags = 0;
  out1 = 0;
  out2 = 0;
  /** The reply's code instead of the state, for the next request. */
  nextCode: number | undefined;
  /** Old firmware tells nothing of itself. */
  isOld = false;
  #last: Uint8Array | undefined;
  #bytes = Buffer.alloc(0);

  /** As after a reset by the wire. */
  boot(): void {
    this.flags &= ~0x40;
    this.#last = undefined;
  }

  protected override take(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (; this.#bytes.length >= 8; this.#bytes = this.#bytes.subarray(8)) {
      this.#serve(this.#bytes.subarray(0, 8));
    }
  }

  #serve(frame: Buffer): void {
    if (frame[0] !== 0x33 || crc16(frame.subarray(0, 6)) !== frame.readUInt16BE(6)) {
      throw new Error('no request');
    }
    const command = frame[1] ?? 0;
    if (command === REPEAT) {
      this.repeats += 1;
      this.answer(this.#last ?? sealed(0x34, 0x24, 0, 0, 0, 0));
      return;
    }
    if (command === PING) this.pings += 1;
    const code = this.nextCode;
    this.nextCode = undefined;
    if (code === undefined && command !== PING) {
      this.requests.push(frame.subarray(1, 6).toString('hex'));
      this.#change(command, frame[2] ?? 0);
    }
    this.#last = this.isOld
      ? sealed(0x33, code ?? 0x20)
      : sealed(0x34, code ?? 0x80 | this.flags, this.out1, this.out2, 0, 0);
    this.answer(this.#last);
  }

  /** Other outputs come with a restart. */
  #change(command: number, value: number): void {
    if (command === 3) this.out1 = (this.out1 & ~0x07) | value;
    if (command === 4) this.out1 = (this.out1 & ~0x38) | value;
    if (command === 3 || command === 4) this.flags |= 0x40;
    if (command === 5) this.out2 = value ? this.out2 | 0x40 : this.out2 & ~0x40;
  }
}

function sealed(...body: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(body));
  return Uint8Array.of(...body, crc >> 8, crc & 0xff);
}
