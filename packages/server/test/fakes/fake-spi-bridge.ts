import type { OpenSpiDevice } from '../../src/platform/spi-device.ts';
import { FakeHidBridge } from './fake-hid-bridge.ts';

/** SPI_IOC_MESSAGE(1), SPI_IOC_WR_MODE32 and SPI_IOC_WR_BITS_PER_WORD of linux/spi/spidev.h. */
const TRANSFER = 0x4020_6b00;
const MODE = 0x4004_6b05;
const BITS = 0x4001_6b03;
const REQUEST_BYTES = 8;

/** PiKVM's firmware at the other end of a SPI bus: for each byte that it gets it gives one. */
export class FakeSpiBridge extends FakeHidBridge {
  /** Whether its chip select is low. */
  isSelected: () => boolean = () => true;
  /** How many zeros come before an answer. */
  lag = 3;
  /** What it was told of the bus. */
  mode = -1;
  bits = -1;
  speed = -1;
  delayUs = -1;
  /** Lengths of the transfers. */
  readonly lengths = new Set<number>();
  /** Bytes that it gives next. */
  readonly out: number[] = [];
  #isThere = false;
  #inRequest = 0;

  override plug(): void {
    this.#isThere = true;
  }

  override unplug(): void {
    this.#isThere = false;
  }

  readonly open: OpenSpiDevice = async () => {
    if (!this.#isThere) throw Object.assign(new Error('open'), { code: 'ENOENT' });
    return {
      ioctl: async (request, data) => {
        if (request === MODE) this.mode = data[0] ?? -1;
        else if (request === BITS) this.bits = data[0] ?? -1;
        else throw new Error(`ioctl ${request}`);
      },
      transfer: async (request, data, pointers, bytes) => {
        if (!this.#isThere) throw Object.assign(new Error('ioctl'), { code: 'ENODEV' });
        if (request !== TRANSFER || pointers.join() !== '0,8') throw new Error('no transfer');
        const view = new DataView(data.buffer);
        if (view.getUint32(16, true) !== bytes.length) throw new Error('another length');
        this.speed = view.getUint32(20, true);
        this.delayUs = view.getUint16(24, true);
        this.lengths.add(bytes.length);
        // As long as a bus needs: others have their turn.
        await new Promise(setImmediate);
        return bytes.map((byte) => this.#exchange(byte));
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  };

  protected override write(bytes: Uint8Array): void {
    this.out.push(...Array<number>(this.lag).fill(0), ...bytes);
  }

  #exchange(byte: number): number {
    if (!this.isSelected()) return 0;
    const given = this.out.shift() ?? 0;
    // Who only listens sends zeros.
    if (byte !== 0 || this.#inRequest > 0) {
      this.#inRequest = (this.#inRequest + 1) % REQUEST_BYTES;
      this.take(Uint8Array.of(byte));
    }
    return given;
  }
}
