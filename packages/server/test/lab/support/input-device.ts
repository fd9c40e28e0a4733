import { StateCell, until } from '../../../src/core/state.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

/** Types of events (Linux uapi/linux/input-event-codes.h). */
export const EV = { syn: 0, key: 1, rel: 2, abs: 3, msc: 4, led: 17 } as const;

/** Value of a key that repeats. */
const REPEAT = 2;
/** Bytes of struct input_event: two longs of time, two shorts, an int. */
const EVENT_BYTES = 24;
const WAIT_MS = 60_000;

/** What a device of the machine's own kernel told. */
export interface InputEvent {
  /** On the machine's clock, ms. */
  readonly timeMs: number;
  readonly type: number;
  readonly code: number;
  readonly value: number;
}

/** A keyboard or mouse as the machine's own kernel has it, at the other end: /dev/input/eventN. */
export class InputDevice implements AsyncDisposable {
  /** /dev/input/eventN. */
  readonly path: string;
  readonly #process: GuestProcess;
  readonly #events = new StateCell<readonly InputEvent[]>([]);

  private constructor(path: string, process: GuestProcess) {
    this.path = path;
    this.#process = process;
  }

  /** Opens the device of this name, or of this interface of our gadget: 0 keyboard, 1 and 2 mice. */
  static async open(machine: LabMachine, which: 0 | 1 | 2 | string): Promise<InputDevice> {
    const mark = typeof which === 'string' ? `N: Name="${which}"\n` : `-1/input${which}\n`;
    const path = await soon(async () => {
      const list = (await machine.read('/proc/bus/input/devices')).toString();
      const entry = list.split('\n\n').find((each) => each.includes(mark));
      const [, name] = /Handlers=.*\b(event\d+)/.exec(entry ?? '') ?? [];
      if (name === undefined) throw new Error(`No ${which} among:\n${list}`);
      await machine.read(`/sys/class/input/${name}/dev`);
      return `/dev/input/${name}`;
    });
    const script = `exec 3< ${path}; echo open >&2; exec cat <&3`;
    const process = machine.spawn(['sh', '-c', script]);
    const device = new InputDevice(path, process);
    await new Promise<void>((resolve, reject) => {
      let rest = Buffer.alloc(0);
      process.onOutput((piece, stream) => {
        if (stream === 'stderr') {
          resolve();
          return;
        }
        rest = Buffer.concat([rest, piece]);
        const whole = rest.length - (rest.length % EVENT_BYTES);
        device.#take(rest.subarray(0, whole));
        rest = rest.subarray(whole);
      });
      process.ended.then(({ err }) => reject(new Error(err)), reject);
    });
    return device;
  }

  /** All events but marks and repetitions, since the last `clear`. */
  get events(): readonly InputEvent[] {
    return this.#events.value;
  }

  clear(): void {
    this.#events.set([]);
  }

  /** The events as [type, code, value], once there are so many. */
  async take(count: number): Promise<readonly (readonly [number, number, number])[]> {
    const enough = (events: readonly InputEvent[]) => events.length >= count;
    await until(this.#events, enough, AbortSignal.timeout(WAIT_MS)).catch((error: unknown) => {
      const message = `${this.events.length} of ${count} events came from ${this.path}`;
      throw new Error(message, { cause: error });
    });
    const taken = this.events.map(({ type, code, value }) => [type, code, value] as const);
    this.clear();
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #take(bytes: Buffer): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const events: InputEvent[] = [];
    for (let at = 0; at < bytes.length; at += EVENT_BYTES) {
      const seconds = Number(view.getBigUint64(at, true));
      const type = view.getUint16(at + 16, true);
      const value = view.getInt32(at + 20, true);
      // A key that is held on a slow machine repeats by itself.
      const isRepeat = type === EV.key && value === REPEAT;
      if (type === EV.syn || type === EV.msc || isRepeat) continue;
      events.push({
        timeMs: seconds * 1000 + Number(view.getBigUint64(at + 8, true)) / 1000,
        ...{ type, code: view.getUint16(at + 18, true), value },
      });
    }
    if (events.length > 0) this.#events.set([...this.#events.value, ...events]);
  }
}

/** Events as bytes, as a program writes them to a device to set its lights. */
export function inputEvents(...events: readonly (readonly [number, number, number])[]): Buffer {
  const bytes = Buffer.alloc((events.length + 1) * EVENT_BYTES);
  for (const [index, [type, code, value]] of events.entries()) {
    bytes.writeUInt16LE(type, index * EVENT_BYTES + 16);
    bytes.writeUInt16LE(code, index * EVENT_BYTES + 18);
    bytes.writeInt32LE(value, index * EVENT_BYTES + 20);
  }
  return bytes;
}
