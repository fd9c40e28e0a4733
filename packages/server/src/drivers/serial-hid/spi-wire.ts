import { Duplex } from 'node:stream';
import type { GpioCalls } from '../../platform/gpio-calls.ts';
import type { OpenSpiDevice, SpiDevice } from '../../platform/spi-device.ts';
import {
  encodeSpiMode,
  encodeSpiTransfer,
  SPI_IOCTL,
  SPI_MODE_0,
  SPI_NO_CS,
  SPI_TRANSFER_POINTERS,
} from '../../protocols/spidev-uapi.ts';
import { GpioLines } from '../gpio/gpio-lines.ts';

/** How the device is wired and spoken to. */
export interface SpiWireOptions {
  readonly path: string;
  /** Hz. */
  readonly speed: number;
  /** After each transfer, µs. */
  readonly delayUs: number;
  /** Whether the controller has the chip select. */
  readonly hasOwnSelect: boolean;
  /** The line that selects the chip instead, by its number; undefined is none. */
  readonly select: { readonly chip: string; readonly pin: number } | undefined;
  /** Whether that goes up again after each byte. */
  readonly selectsBytes: boolean;
  /** How long the device may stay busy before a request, and how long an answer may take, ms. */
  readonly timeoutMs: number;
  readonly open: OpenSpiDevice;
  readonly calls: GpioCalls;
}

/** So many zeros in a row are the end of what it had to say. */
const QUIET = new Uint8Array(10);
const ANSWER_BYTES = 8;

/**
 * PiKVM's firmware at the SPI bus as a stream: a request that is written is answered by what can be
 * read then, or not at all. The bus carries bytes both ways at once, so whoever asks sends zeros to hear.
 */
export class SpiWire {
  readonly #options: SpiWireOptions;
  readonly #device: SpiDevice;
  readonly #select: GpioLines | undefined;
  #isOpen = true;

  private constructor(options: SpiWireOptions, device: SpiDevice, select: GpioLines | undefined) {
    this.#options = options;
    this.#device = device;
    this.#select = select;
  }

  /** Rejects with the system's error. */
  static async open(options: SpiWireOptions): Promise<Duplex> {
    const { path, select, calls, hasOwnSelect } = options;
    const device = await options.open(path);
    try {
      const mode = SPI_MODE_0 | (hasOwnSelect ? 0 : SPI_NO_CS);
      await device.ioctl(SPI_IOCTL.mode, encodeSpiMode(mode));
      await device.ioctl(SPI_IOCTL.bits, Uint8Array.of(8));
      const lines =
        select && GpioLines.request(calls, select.chip, { outputs: new Map([[select.pin, true]]) });
      return new SpiWire(options, device, lines).#stream();
    } catch (error) {
      await device[Symbol.asyncDispose]();
      throw error;
    }
  }

  #stream(): Duplex {
    const stream = new Duplex({
      read: () => undefined,
      write: (request: Buffer, _encoding, done) => {
        this.#exchange(request).then((answer) => {
          if (answer && this.#isOpen) stream.push(answer);
          done();
        }, done);
      },
      destroy: (error, done) => {
        this.#isOpen = false;
        this.#select?.[Symbol.dispose]();
        this.#device[Symbol.asyncDispose]().then(() => done(error), done);
      },
    });
    return stream;
  }

  /** Undefined when the device is busy for too long, or says nothing. */
  async #exchange(request: Uint8Array): Promise<Uint8Array | undefined> {
    const { timeoutMs } = this.#options;
    if (!(await this.#drain(performance.now() + timeoutMs))) return undefined;
    await this.#transfer(request);
    return await this.#collect(performance.now() + timeoutMs);
  }

  /** What is left of an answer that nobody waited for is not the next one. */
  async #drain(endMs: number): Promise<boolean> {
    while (this.#isOpen) {
      const bytes = await this.#transfer(QUIET);
      if (bytes.every((byte) => byte === 0)) return true;
      if (performance.now() > endMs) return false;
    }
    return false;
  }

  async #collect(endMs: number): Promise<Uint8Array | undefined> {
    let answer: Uint8Array = new Uint8Array();
    while (this.#isOpen && performance.now() <= endMs) {
      const bytes = await this.#transfer(new Uint8Array(ANSWER_BYTES - answer.length));
      const first = answer.length > 0 ? 0 : bytes.findIndex((byte) => byte !== 0);
      if (first >= 0) answer = Buffer.concat([answer, bytes.subarray(first)]);
      if (answer.length === ANSWER_BYTES) return answer;
    }
    return undefined;
  }

  /** Sends bytes, and gives what came meanwhile. */
  async #transfer(bytes: Uint8Array): Promise<Uint8Array> {
    if (!this.#options.selectsBytes) return await this.#selected(bytes);
    const came = new Uint8Array(bytes.length);
    for (let at = 0; at < bytes.length; at += 1) {
      came.set(await this.#selected(bytes.subarray(at, at + 1)), at);
    }
    return came;
  }

  async #selected(bytes: Uint8Array): Promise<Uint8Array> {
    const { speed, delayUs, select } = this.#options;
    const transfer = encodeSpiTransfer({ length: bytes.length, speed, delayUs });
    if (select) this.#select?.set(select.pin, false);
    try {
      const pointers = Object.values(SPI_TRANSFER_POINTERS);
      return await this.#device.transfer(SPI_IOCTL.transfer, transfer, pointers, bytes);
    } finally {
      if (select && this.#isOpen) this.#select?.set(select.pin, true);
    }
  }
}
