import type { Duplex } from 'node:stream';
import type { KeyName, MouseButton } from '@crashcart/api';
import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { DerivedCell, StateCell, type Unsubscribe, until } from '../../core/state.ts';
import { Alarm } from '../gpio/alarm.ts';
import { InputQueue, type SerialInput } from './input-queue.ts';
import type { PowerLine } from './power-line.ts';
import { Requester, type SerialPatience } from './requester.ts';
import type { ResetLine } from './reset-line.ts';
import type { SerialDevice } from './serial-device.ts';
import {
  type OpenPort,
  type PortAdvice,
  RestartError,
  SerialLine,
  type SerialLineTimes,
  UnpoweredError,
} from './serial-line.ts';

/** What the driver gets besides its options. */
export interface SerialHidContext {
  readonly log: Log;
  readonly times?: Partial<SerialLineTimes>;
}

/** What the driver is made of. */
export interface SerialHidParts extends SerialHidContext {
  readonly port: string;
  /** Where that is no serial port. */
  readonly advice?: PortAdvice;
  readonly open: () => Promise<Duplex>;
  readonly device: SerialDevice;
  readonly patience: SerialPatience;
  /** Starts the device anew, where a wire can. */
  readonly resetLine?: ResetLine | undefined;
  /** Tells whether the device has power, where a wire does. */
  readonly powerLine?: PowerLine | undefined;
  /** Whether the device starts itself anew when it wants that. */
  readonly resetsItself: boolean;
}

/** An idle device is asked how it is so often, ms; a busy one at least so often. */
const POLL_MS = 100;
const BUSY_POLL_MS = 1000;
/** How long the last release may take when the server ends, ms. */
const CLOSE_MS = 1000;

/**
 * Keyboard and mouse behind a serial line. Requests go one by one, each when the one before is
 * answered. A device that does not answer gets them again; when it stays silent what waits is dropped,
 * and once it is back it first lets everything go.
 */
export class SerialHid implements HidDriver {
  readonly enabled = true;
  readonly state: DerivedCell<HidDriverState>;
  readonly #parts: SerialHidParts;
  readonly #queue = new InputQueue();
  readonly #work = new Alarm();
  readonly #answers = new StateCell(false);
  readonly #busy = new StateCell(false);
  /** What changes the device itself, by what it changes; waits for a device that is away. */
  readonly #orders = new Map<'keyboard' | 'mouse' | 'plug' | 'reset', readonly Uint8Array[]>();
  readonly #requester: Requester;
  readonly #line: SerialLine;
  readonly #unsubscribe: Unsubscribe;
  /** Whether inputs are taken. */
  #takes = false;
  #wantsReset = true;
  #polledMs = 0;
  readonly #told = new Set<string>();

  constructor(parts: SerialHidParts) {
    const {
      port: device,
      device: { state },
      log,
      times,
    } = parts;
    this.#parts = parts;
    this.#requester = new Requester(parts.device, parts.patience, () => this.#silent());
    const cells = [this.#answers, this.#busy, state];
    this.state = new DerivedCell<HidDriverState>(cells, () => this.#stateNow());
    // A machine that was away may have seen a press and no release.
    this.#unsubscribe = state.subscribe(({ keyboard }, { keyboard: before }) => {
      if (keyboard.online && !before.online && this.#takes) this.#push({ kind: 'release' });
    });
    this.#line = new SerialLine({
      ...{ device, log, advice: parts.advice, ...(times ? { times } : {}) },
      open: () => this.#open(),
      prepare: (signal) => this.#prepare(signal),
      serve: (port) => this.#serve(port),
    });
  }

  get ready(): boolean {
    return this.#takes && this.#parts.device.state.value.keyboard.online;
  }

  get backlog(): number {
    return this.#queue.backlog.value;
  }

  async drained(count: number, signal?: AbortSignal): Promise<void> {
    await until(this.#queue.backlog, (backlog) => backlog <= count, signal);
  }

  key(key: KeyName, pressed: boolean): void {
    this.#push({ kind: 'key', key, pressed });
  }

  button(button: MouseButton, pressed: boolean): void {
    this.#push({ kind: 'button', button, pressed });
  }

  move(x: number, y: number): void {
    if (this.state.value.mouse.absolute) this.#push({ kind: 'move', x, y });
  }

  moveBy(x: number, y: number): void {
    if (!this.state.value.mouse.absolute) this.#push({ kind: 'moveBy', x, y });
  }

  wheel(x: number, y: number): void {
    this.#push({ kind: 'wheel', x, y });
  }

  releaseAll(): void {
    this.#queue.clear();
    this.#push({ kind: 'release' });
  }

  async reset(): Promise<void> {
    this.releaseAll();
    const { reset } = this.#parts.device;
    this.#wantsReset = true;
    if (reset.length > 0) this.#order('reset', reset);
    else this.#line.restart();
  }

  async setKeyboardOutput(output: string): Promise<void> {
    this.#setOutput('keyboard', output);
  }

  async setMouseOutput(output: string): Promise<void> {
    this.#setOutput('mouse', output);
  }

  async setConnected(connected: boolean): Promise<void> {
    this.#order('plug', this.#parts.device.setConnected(connected));
  }

  /** Lets everything go as far as the device listens, and closes the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#takes) {
      this.releaseAll();
      await this.drained(0, AbortSignal.timeout(CLOSE_MS)).catch(() => undefined);
    }
    await this.#line[Symbol.asyncDispose]();
    this.#parts.resetLine?.[Symbol.dispose]();
    this.#parts.powerLine?.[Symbol.dispose]();
    this.#unsubscribe();
    this.state.close();
  }

  #push(input: SerialInput): void {
    if (!this.#takes) return;
    if (!this.#queue.push(input)) this.#tell('The keyboard and mouse take no more input');
    this.#work.ring();
  }

  #setOutput(part: 'keyboard' | 'mouse', output: string): void {
    const { active, available } = this.state.value[part].outputs;
    if (!available.includes(output) || (output === active && !this.#orders.has(part))) return;
    this.#order(part, this.#parts.device.setOutput(part, output));
  }

  #order(what: 'keyboard' | 'mouse' | 'plug' | 'reset', requests: readonly Uint8Array[]): void {
    this.#orders.set(what, requests);
    this.#busy.set(true);
    this.#work.ring();
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { resetLine } = this.#parts;
    this.#needsPower();
    if (this.#wantsReset) await resetLine?.pulse(signal);
    this.#wantsReset = false;
  }

  async #open(): Promise<Duplex> {
    try {
      return await this.#parts.open();
    } catch (error) {
      this.#busy.set(false);
      throw error;
    }
  }

  async #serve(port: OpenPort): Promise<never> {
    try {
      await this.#poll(port);
      while (true) await this.#step(port);
    } catch (error) {
      // A device that starts anew is busy until it is back.
      if (!(error instanceof RestartError)) this.#busy.set(false);
      throw error;
    } finally {
      this.#takes = false;
      this.#queue.done();
      this.#queue.clear();
      this.#answers.set(false);
    }
  }

  async #step(port: OpenPort): Promise<void> {
    if (performance.now() - this.#polledMs >= BUSY_POLL_MS) await this.#poll(port);
    const [order] = this.#orders;
    if (order) {
      this.#orders.delete(order[0]);
      for (const request of order[1]) await this.#exchange(port, request);
      return;
    }
    const input = this.#queue.take();
    if (!input) {
      if (this.#busy.value) await this.#poll(port);
      else await this.#idle(port);
      return;
    }
    for (const request of this.#parts.device.requestsOf(input)) await this.#exchange(port, request);
    this.#queue.done();
  }

  async #idle(port: OpenPort): Promise<void> {
    await this.#work.wait(POLL_MS, port.signal);
    if (this.backlog === 0 && this.#orders.size === 0) await this.#poll(port);
  }

  async #poll(port: OpenPort): Promise<void> {
    await this.#exchange(port, this.#parts.device.poll);
    this.#polledMs = performance.now();
    if (this.#orders.size === 0) this.#busy.set(false);
  }

  /** Sends a request until the device has it. Throws when it has not, and when it restarts. */
  async #exchange(port: OpenPort, request: Uint8Array): Promise<void> {
    this.#needsPower();
    const answer = await this.#requester.send(port, request);
    this.#answered();
    if (answer.kind === 'refused') this.#tell(answer.why);
    else if (answer.restarts) this.#restarts();
  }

  #answered(): void {
    if (!this.#takes) {
      this.#takes = true;
      this.#push({ kind: 'release' });
    }
    this.#answers.set(true);
    this.#line.answered();
  }

  #silent(): void {
    this.#answers.set(false);
    this.#needsPower();
  }

  #needsPower(): void {
    if (this.#parts.powerLine?.isOn !== false) return;
    this.#busy.set(false);
    throw new UnpoweredError();
  }

  #restarts(): never {
    this.#busy.set(true);
    this.#wantsReset = !this.#parts.resetsItself;
    throw new RestartError();
  }

  /** Once: who holds a key down must not fill the log. */
  #tell(what: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#parts.log.warn({ device: this.#parts.port }, what);
  }

  #stateNow(): HidDriverState {
    const online = this.#answers.value;
    const busy = this.#busy.value;
    const { connected, keyboard, mouse } = this.#parts.device.state.value;
    if (online) return { online, busy, connected, keyboard, mouse };
    const { leds } = HID_OFFLINE.keyboard;
    return {
      ...{ online, busy, connected },
      keyboard: { ...keyboard, online, leds },
      mouse: { ...mouse, online },
    };
  }
}
