import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

const DROP_IN = new URL('../../../../../packaging/bluetooth/bluetoothd.conf', import.meta.url);

/** bluetoothd as Debian starts it, and with our drop-in, where it leaves the channels of keyboards to us. */
export const BLUETOOTHD = {
  debian: '/usr/libexec/bluetooth/bluetoothd',
  ours: /^ExecStart=(.+)$/m.exec(readFileSync(DROP_IN, 'utf8'))?.[1] ?? '',
} as const;

/** A bluetoothd in a machine, and a D-Bus for it. */
export class Bluez {
  readonly #machine: LabMachine;
  readonly #command: string;
  readonly #adapters: readonly string[];
  #daemon: GuestProcess | undefined;

  private constructor(machine: LabMachine, command: string, adapters: readonly string[]) {
    this.#machine = machine;
    this.#command = command;
    this.#adapters = adapters;
  }

  /** Starts both; resolves when it has switched these adapters on. */
  static async start(
    machine: LabMachine,
    command: string,
    ...adapters: readonly string[]
  ): Promise<Bluez> {
    await machine.run(['mkdir', '-p', '/run/dbus']);
    const argv = ['dbus-daemon', '--system', '--nofork', '--nopidfile', '--print-address'];
    const bus = machine.spawn(argv);
    await new Promise<void>((resolve, reject) => {
      bus.onOutput((_, stream) => stream === 'stdout' && resolve());
      bus.ended.then(({ err }) => reject(new Error(err)), reject);
    });
    const bluez = new Bluez(machine, command, adapters);
    await bluez.startDaemon();
    return bluez;
  }

  /** Properties of an adapter, or of what it knows of the other one (`dev`). */
  async properties(
    path: string,
    kind: 'Adapter1' | 'Device1',
    ...names: string[]
  ): Promise<readonly unknown[]> {
    const argv = ['busctl', '--json=short', 'get-property', 'org.bluez', path, `org.bluez.${kind}`];
    const { out } = await this.#machine.run([...argv, ...names]);
    const lines = out.toString().trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { readonly data: unknown }).data);
  }

  /** Sets a property to a value with its signature. */
  async set(path: string, kind: 'Adapter1', ...words: string[]): Promise<void> {
    const argv = ['busctl', 'set-property', 'org.bluez', path, `org.bluez.${kind}`];
    await this.#machine.run([...argv, ...words]);
  }

  /** Paths of all that it has. */
  async objects(): Promise<readonly string[]> {
    const { out } = await this.#machine.run(['busctl', 'tree', '--list', 'org.bluez']);
    return out.toString().trim().split('\n');
  }

  /** Calls a method without a result. */
  async call(path: string, kind: 'Adapter1' | 'Device1', ...words: string[]): Promise<void> {
    await this.#machine.run(['busctl', 'call', 'org.bluez', path, `org.bluez.${kind}`, ...words]);
  }

  /** All services of an address as an adapter reads them, as XML without white space between marks. */
  async browse(adapter: string, address: string): Promise<string> {
    // It ends with an error also after everything was read.
    const { out } = await this.#machine.tryRun([
      ...['sdptool', '-i', adapter, 'browse', '--xml', address],
    ]);
    // It writes entities without their semicolons.
    return out
      .toString()
      .replace(/>\s+</g, '><')
      .replace(/&(amp|lt|gt)(?!;)/g, '&$1;');
  }

  /** Starts bluetoothd; resolves when it has switched the adapters on. */
  async startDaemon(): Promise<void> {
    this.#daemon = this.#machine.spawn([...this.#command.split(' '), '--nodetach']);
    await soon(async () => {
      for (const name of this.#adapters) {
        expect(await this.properties(`/org/bluez/${name}`, 'Adapter1', 'Powered')).toEqual([true]);
      }
    });
  }

  /** Ends bluetoothd as if it had crashed. */
  async killDaemon(): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
  }
}
