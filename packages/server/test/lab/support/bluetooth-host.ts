import { fileURLToPath } from 'node:url';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { ADDRESS } from './radio.ts';

const HOST = fileURLToPath(new URL('../guest/bluetooth-host.mjs', import.meta.url));
const NAME = 'radio';

/** The machine that our keyboard and mouse are for: a second adapter of the same computer. */
export class BluetoothHost implements AsyncDisposable {
  /** Names of what its kernel has then. */
  static readonly devices = { keyboard: `${NAME} Keyboard`, mouse: `${NAME} Mouse` } as const;
  /** What the control channel answered to SET_PROTOCOL, in hex. */
  readonly answer: string;
  readonly #process: GuestProcess;

  private constructor(process: GuestProcess, answer: string) {
    this.#process = process;
    this.answer = answer;
  }

  /** Connects to us and has a keyboard and mouse with this descriptor (hex); rejects when refused. */
  static async connect(machine: LabMachine, descriptor: string): Promise<BluetoothHost> {
    const argv = [HOST, ADDRESS.hci1, ADDRESS.hci0, descriptor, NAME];
    const child = machine.spawn([process.execPath, ...argv]);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.onOutput((piece) => {
        said += piece;
        if (said.includes('connected')) resolve();
      });
      child.ended.then(({ err }) => reject(new Error(err)), reject);
    });
    return new BluetoothHost(child, said.split('\n')[0] ?? '');
  }

  /** Ends the connection. */
  async leave(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Tells us that we are not wanted any more; we are to end the connection. */
  async unplug(): Promise<void> {
    await this.#end('SIGHUP');
  }

  /** Ends the program; its connection is the kernel's then, and stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#process.kill(signal);
    const { code, err } = await this.#process.ended;
    if (code !== 0) throw new Error(err);
  }
}
