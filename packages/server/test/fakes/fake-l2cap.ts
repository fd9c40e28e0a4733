import type {
  L2capOptions,
  PacketListener,
  PacketSocket,
  ServeL2cap,
} from '../../src/platform/l2cap.ts';
import { HIDP_PSM } from '../../src/protocols/hidp.ts';

/** One channel as the machine has it. */
export class FakeChannel implements PacketSocket {
  /** What came from us, in hexadecimal. */
  readonly got: string[] = [];
  /** Whether more is taken. */
  takes = true;
  isOpen = true;
  #listener: PacketListener | undefined;

  listen(listener: PacketListener): void {
    this.#listener = listener;
  }

  send(packet: Uint8Array): boolean {
    if (!this.isOpen) throw new Error('EPIPE');
    if (this.takes) this.got.push(Buffer.from(packet).toString('hex'));
    return this.takes;
  }

  close(): void {
    this.isOpen = false;
  }

  /** The machine sends a packet, given in hexadecimal. */
  say(packet: string): void {
    this.#listener?.packet(Buffer.from(packet, 'hex'));
  }

  /** The machine takes everything from now on. */
  goOn(): void {
    this.takes = true;
    this.#listener?.writable();
  }

  /** The machine, or the radio, ends it. */
  end(error?: Error): void {
    this.isOpen = false;
    this.#listener?.closed(error);
  }
}

/** L2CAP of an adapter, at its system calls. */
export class FakeL2cap {
  /** What is served now. */
  options: L2capOptions | undefined;
  /** Thrown instead of serving. */
  error: Error | undefined;
  /** Called as soon as machines may connect, before whoever serves hears of it. */
  onServed = (): void => undefined;

  readonly serve: ServeL2cap = async (options) => {
    if (this.error) throw this.error;
    this.options = options;
    this.onServed();
    return {
      [Symbol.asyncDispose]: async () => {
        this.options = undefined;
      },
    };
  };

  /** A machine opens a channel. */
  open(channel: keyof typeof HIDP_PSM, address: string): FakeChannel {
    if (!this.options) throw new Error('Nobody listens');
    const opened = new FakeChannel();
    this.options.onConnection(HIDP_PSM[channel], opened, address);
    return opened;
  }

  /** A machine opens both. */
  connect(address: string): { readonly control: FakeChannel; readonly interrupt: FakeChannel } {
    return { control: this.open('control', address), interrupt: this.open('interrupt', address) };
  }
}
