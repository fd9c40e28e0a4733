import { sendDatagram } from '../../platform/udp-datagram.ts';
import { magicPacket } from '../../protocols/wake-on-lan.ts';
import type { GpioContext } from './context.ts';
import { NoopDriver } from './noop.ts';

/** Options of the driver, named as in the configuration. */
export interface WolOptions {
  /** Where the datagram goes, IPv4; a broadcast address unless the network knows better. */
  readonly ip: string;
  readonly port: number;
  readonly mac: string;
}

/** Wakes a computer when a pin, whichever, is set. */
export class WolDriver extends NoopDriver {
  readonly #options: WolOptions;

  constructor(options: WolOptions, context: GpioContext) {
    super(options, context);
    this.#options = options;
  }

  override async write(_pin?: string, level?: boolean): Promise<void> {
    const { ip, port, mac } = this.#options;
    if (level) await sendDatagram(magicPacket(mac), ip, port);
  }
}
