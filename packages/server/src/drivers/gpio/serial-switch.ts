import type { Duplex } from 'node:stream';
import type { GpioDriver, PinLevels } from '../../core/gpio-driver.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { openSerialPort, type SerialSpeed } from '../../platform/serial-port.ts';
import { type SwitchProtocol, SwitchReader } from '../../protocols/kvm-switch/switch-protocol.ts';
import { Alarm } from './alarm.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';

/** Options of the drivers, named as in the configuration. */
export interface SerialSwitchOptions {
  readonly device: string;
  readonly speed: SerialSpeed;
  /** How long the switch may take to answer, s. */
  readonly read_timeout: number;
}

/** How often a switch that can be asked is asked, ms. */
const ASK_MS = 5000;
/** Signs of life that may be missed before a switch counts as gone. */
const MISSED = 3;

/**
 * A KVM switch on a serial line. The pins are its channels: the active one is on, and setting one
 * selects it. A switch that owes an answer for too long is offline.
 */
export class SerialSwitchDriver implements GpioDriver {
  readonly #protocol: SwitchProtocol;
  readonly #options: SerialSwitchOptions;
  readonly #loop: DeviceLoop;
  readonly #alarm = new Alarm();
  /** The channel that was told last. */
  #last: number | undefined;
  /** Selected, but not sent yet. */
  #wanted: number | undefined;

  constructor(protocol: SwitchProtocol, options: SerialSwitchOptions, context: GpioContext) {
    this.#protocol = protocol;
    this.#options = options;
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels(): ReadonlyCell<PinLevels> {
    return this.#loop.levels;
  }

  /** Resolves when the command is on its way; of several that wait, the newest one is sent. */
  async write(pin: string, level: boolean): Promise<void> {
    if (!this.#loop.isOnline) throw new Error(`${this.#options.device} does not answer`);
    if (!level) return;
    this.#wanted = Number(pin);
    this.#alarm.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const { tells, askable } = this.#protocol;
    const answers = tells !== 'nothing';
    this.#wanted = undefined;
    using line = new Line(await openSerialPort(this.#options.device, this.#options.speed), () =>
      this.#alarm.ring(),
    );
    const reader = new SwitchReader(this.#protocol);
    const tell = () => online(this.#levels());
    const send = (bytes: Uint8Array | undefined) => {
      if (bytes) line.write(bytes);
      if (answers) answerBy ??= now() + this.#patienceMs();
    };
    let answerBy: number | undefined;
    let askAt = now() + ASK_MS;
    send(this.#protocol.ask(this.#last));
    if (!answers) tell();
    while (true) {
      const deadlines = [answerBy, askable ? askAt : undefined].filter((at) => at !== undefined);
      const next = deadlines.length > 0 ? Math.min(...deadlines) : undefined;
      await this.#alarm.wait(next && Math.max(0, next - now()), signal);
      const status = reader.push(line.take()).at(-1);
      if (status) {
        this.#last = status.channel;
        answerBy = typeof tells === 'object' ? now() + this.#patienceMs() : undefined;
        tell();
      }
      if (answerBy !== undefined && now() >= answerBy) {
        throw new Error(`${this.#options.device} does not answer`);
      }
      if (this.#wanted !== undefined) {
        send(this.#protocol.select(this.#wanted));
        if (!answers) {
          this.#last = this.#wanted;
          tell();
        }
        this.#wanted = undefined;
      } else if (askable && now() >= askAt) {
        send(this.#protocol.ask(this.#last));
        askAt = now() + ASK_MS;
      }
    }
  }

  #patienceMs(): number {
    const { tells } = this.#protocol;
    return typeof tells === 'object' ? tells.everyMs * MISSED : this.#options.read_timeout * 1000;
  }

  #levels(): PinLevels {
    const channels = Array.from({ length: this.#protocol.channels }, (_, channel) => channel);
    return new Map(channels.map((channel) => [String(channel), channel === this.#last]));
  }
}

const now = () => performance.now();

/** Most bytes that wait to be read; a line that is faster than we are loses the oldest. */
const MAX_WAITING = 4096;

/** The bytes of a port, until it ends. */
class Line implements Disposable {
  readonly #port: Duplex;
  #waiting = Buffer.alloc(0);
  #failure: Error | undefined;

  /** `changed` is called when there is something to take. */
  constructor(port: Duplex, changed: () => void) {
    this.#port = port;
    port.on('data', (bytes: Buffer) => {
      this.#waiting = Buffer.concat([this.#waiting, bytes]).subarray(-MAX_WAITING);
      changed();
    });
    port.on('error', (error) => {
      this.#failure ??= error;
    });
    port.once('close', () => {
      this.#failure ??= new Error('The serial port went away');
      changed();
    });
  }

  write(bytes: Uint8Array): void {
    this.#port.write(bytes);
  }

  /** What has come; throws when the port has ended. */
  take(): Uint8Array {
    if (this.#failure) throw this.#failure;
    const bytes = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#port.destroy();
  }
}
