import { HID_OFFLINE } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import type { PacketSocket } from '../../platform/l2cap.ts';
import type { KeyboardLeds } from '../../protocols/hid-report.ts';
import { BtClient, type HidpChannel } from './client.ts';

/** What they are made of. */
export interface BtClientsOptions {
  readonly max: number;
  /** How long a machine may take for its channels, and for a report, ms. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** One has gone, or was disconnected. */
  readonly onGone: (address: string) => void;
}

/** The machines that are connected, by their addresses. All of them get the same reports. */
export class BtClients {
  /** How many there are. */
  readonly count = new StateCell(0);
  /** The lights that a machine has set last. */
  readonly leds = new StateCell<KeyboardLeds>(HID_OFFLINE.keyboard.leds);
  readonly #options: BtClientsOptions;
  readonly #clients = new Map<string, BtClient>();

  constructor(options: BtClientsOptions) {
    this.#options = options;
  }

  /** Whether reports reach anybody. */
  get isReady(): boolean {
    return [...this.#clients.values()].some(({ isReady }) => isReady);
  }

  /** Takes a channel; one of a machine too many is closed. */
  accept(address: string, channel: HidpChannel, socket: PacketSocket): void {
    const { max, timeoutMs, log } = this.#options;
    let client = this.#clients.get(address);
    if (!client && this.#clients.size >= max) {
      log.info({ address, max }, 'One more machine than hid.max_clients was refused');
      socket.close();
      return;
    }
    if (!client) {
      client = new BtClient(timeoutMs, {
        leds: (leds) => this.leds.set(leds),
        closed: (why) => {
          log.info({ address, why }, 'A machine is no longer connected by Bluetooth');
          this.#remove(address);
        },
      });
      this.#clients.set(address, client);
      log.info({ address }, 'A machine is connected by Bluetooth');
    }
    client.add(channel, socket);
    this.count.set(this.#clients.size);
  }

  /** Sends a report to all; resolves when each has it or was given up. */
  async send(packet: Uint8Array): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.send(packet)));
  }

  /** Disconnects a machine, if it is there. */
  close(address: string): void {
    this.#clients.get(address)?.[Symbol.dispose]();
    this.#remove(address);
  }

  /** Disconnects all. */
  closeAll(): void {
    for (const address of [...this.#clients.keys()]) this.close(address);
  }

  #remove(address: string): void {
    if (!this.#clients.delete(address)) return;
    this.#options.onGone(address);
    if (this.#clients.size === 0) this.leds.set(HID_OFFLINE.keyboard.leds);
    this.count.set(this.#clients.size);
  }
}
