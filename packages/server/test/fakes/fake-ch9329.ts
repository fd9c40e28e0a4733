import { FakeSerialDevice } from './fake-serial-device.ts';

const KEYBOARD = 0x02;
const INFO = 0x01;

/** A CH9329 with a machine at its USB side; it keeps what the machine would see. */
export class FakeCh9329 extends FakeSerialDevice {
  /** Reports of the keyboard, in hexadecimal. */
  readonly reports: string[] = [];
  /** Requests of the mice and others: command and data, in hexadecimal. */
  readonly others: string[] = [];
  hasHost = true;
  /** Lights: 1 num, 2 caps, 4 scroll. */
  leds = 0;
  #bytes = Buffer.alloc(0);

  protected override take(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 6 && this.#bytes.length >= 6 + (this.#bytes[4] ?? 0)) {
      const end = 6 + (this.#bytes[4] ?? 0);
      this.#serve(this.#bytes.subarray(0, end));
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  #serve(frame: Buffer): void {
    const sum = frame.subarray(0, -1).reduce((total, byte) => total + byte, 0) & 0xff;
    if (frame.readUInt16BE(0) !== 0x57ab || sum !== frame.at(-1)) throw new Error('no frame');
    const command = frame[3] ?? 0;
    const data = frame.subarray(5, -1);
    if (command === INFO) {
      this.#reply(0x81, [0x31, this.hasHost ? 1 : 0, this.leds, 0, 0, 0, 0, 0]);
    } else if (!this.hasHost && command !== 0x0f) {
      this.#reply(command | 0xc0, [0xe6]);
    } else {
      if (command === KEYBOARD) this.reports.push(data.toString('hex'));
      else this.others.push(frame.subarray(3, -1).toString('hex'));
      this.#reply(command | 0x80, [0]);
    }
  }

  #reply(command: number, data: readonly number[]): void {
    const bytes = [0x57, 0xab, 0, command, data.length, ...data];
    this.answer(Uint8Array.of(...bytes, bytes.reduce((total, byte) => total + byte, 0) & 0xff));
  }
}
