import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

const RELAY = fileURLToPath(new URL('../guest/hci-relay.mjs', import.meta.url));
/** What the kernel says of a controller that has not answered. */
const GIVEN_UP = 'failed: -110';
/** Where btvirt has controllers for others. */
const SERVER = '/tmp/bt-server-bredrle';

/** Addresses of btvirt's first controllers, which it chooses. */
export const ADDRESS = { hci0: '00:AA:01:00:00:00', hci1: '00:AA:01:01:00:01' } as const;

/** Bluetooth controllers of software, in range of each other, for adapters of the machine's kernel. */
export class Radio {
  readonly #machine: LabMachine;
  readonly #adapters: readonly (keyof typeof ADDRESS)[];
  #controllers: GuestProcess | undefined;

  private constructor(machine: LabMachine, adapters: readonly (keyof typeof ADDRESS)[]) {
    this.#machine = machine;
    this.#adapters = adapters;
  }

  /** Makes these adapters. */
  static async start(
    machine: LabMachine,
    ...adapters: readonly (keyof typeof ADDRESS)[]
  ): Promise<Radio> {
    await machine.run(['modprobe', 'hci_vhci']);
    const radio = new Radio(machine, adapters);
    await radio.plug();
    return radio;
  }

  /** Whoever connects to this port of the machine has a controller, too; it speaks H4. */
  relay(port: number): void {
    this.#machine.spawn([process.execPath, RELAY, String(port), SERVER]);
  }

  /** Puts the adapters in. */
  async plug(): Promise<void> {
    // btvirt takes the kernel's first command for the answer to its own when the kernel is faster, and
    // the first controller is not hci0, which its address shows, when the last one is not quite gone.
    for (let isUp = false; !isUp; ) {
      await this.unplug();
      const lost = this.#givenUp;
      this.#controllers = this.#machine.spawn(['btvirt', '-s', `-l${this.#adapters.length}`]);
      isUp = await soon(async () => {
        if (this.#givenUp > lost) return false;
        const { out } = await this.#machine.run(['hciconfig']);
        const addresses: readonly string[] =
          out.toString().match(/(?<=BD Address: )00:AA[:\dA-F]+/g) ?? [];
        expect(addresses).toHaveLength(this.#adapters.length);
        return this.#adapters.every((name) => addresses.includes(ADDRESS[name]));
      });
    }
  }

  /** Takes the adapters away. */
  async unplug(): Promise<void> {
    await this.#controllers?.[Symbol.asyncDispose]();
  }

  /** How many controllers the kernel has waited for in vain. */
  get #givenUp(): number {
    return this.#machine.console.split(GIVEN_UP).length;
  }
}
