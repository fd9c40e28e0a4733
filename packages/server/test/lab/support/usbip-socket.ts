import { expect } from 'vitest';
import { HOST } from './board.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

/** The controller of USB/IP. */
export const USBIP_UDC = 'usbip-vudc.0';

/** The socket that a gadget of USB/IP's controller is plugged into: this same machine's, over its loopback. */
export class UsbipSocket implements AsyncDisposable {
  readonly #machine: LabMachine;
  readonly #server: GuestProcess;

  private constructor(machine: LabMachine, server: GuestProcess) {
    this.#machine = machine;
    this.#server = server;
  }

  /** Opens it; its bus is the machine's only one. */
  static async open(machine: LabMachine): Promise<UsbipSocket> {
    const server = machine.spawn(['usbipd', '--device']);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      server.onOutput((piece) => {
        said += piece;
        if (said.includes('listening on')) resolve();
      });
      server.ended.then(({ code }) => reject(new Error(`usbipd ended: ${code}: ${said}`)), reject);
    });
    return new UsbipSocket(machine, server);
  }

  /** Plugs the gadget in; resolves when the machine has taken it. */
  async plug(): Promise<void> {
    await this.#machine.run(['usbip', 'attach', '-r', '127.0.0.1', '-d', USBIP_UDC]);
    await soon(async () => {
      expect(await this.#machine.text(`${HOST}/bConfigurationValue`)).toBe('1');
    });
    await this.#machine.run(['udevadm', 'settle']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
