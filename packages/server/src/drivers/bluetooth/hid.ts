import type { KeyName, MouseButton } from '@crashcart/api';
import { anySignal } from '../../core/any-signal.ts';
import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { DerivedCell, type Unsubscribe, until } from '../../core/state.ts';
import { type ServeL2cap, serveL2cap } from '../../platform/l2cap.ts';
import { BootKeyboard } from '../../protocols/boot-keyboard.ts';
import { HidMouse } from '../../protocols/hid-mouse.ts';
import { encodeHidpInput, HIDP_MOUSE } from '../../protocols/hidp.ts';
import { keyByName } from '../../protocols/keys.ts';
import { Alarm } from '../gpio/alarm.ts';
import { InputQueue, type SerialInput } from '../serial-hid/input-queue.ts';
import { SYSTEM_BUS } from './bus.ts';
import { BtClients } from './clients.ts';
import { BtService, type BtServiceOptions } from './service.ts';
import { bluetoothTrouble } from './trouble.ts';

/** Options of the driver, named as in the configuration; times in s. */
export interface BtHidOptions extends BtServiceOptions {
  readonly socket_timeout: number;
  readonly unpair_on_close: boolean;
}

/** What the driver gets besides. */
export interface BtHidContext {
  readonly log: Log;
  /** Stands in for the system in tests. */
  readonly system?: {
    readonly serveL2cap?: ServeL2cap;
    /** Socket of the D-Bus daemon. */
    readonly bus?: string;
    readonly retryMs?: number;
  };
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 10_000;
/** How long the last release may take when the server ends, ms. */
const CLOSE_MS = 1000;

/**
 * Keyboard and mouse by Bluetooth: machines pair with an adapter of BlueZ and connect to our service.
 * When the adapter, bluetoothd or the D-Bus goes, everybody is offline until it is back.
 */
export class BtHid implements HidDriver {
  readonly enabled = true;
  readonly state: DerivedCell<HidDriverState>;
  readonly #options: BtHidOptions;
  readonly #context: BtHidContext;
  readonly #keyboard = new BootKeyboard();
  readonly #mouse = new HidMouse(HIDP_MOUSE);
  readonly #queue = new InputQueue();
  readonly #work = new Alarm();
  readonly #clients: BtClients;
  readonly #leavers = new Set<string>();
  readonly #unsubscribe: Unsubscribe;
  readonly #ended = new AbortController();
  readonly #running: Promise<unknown>;
  #complaint: string | undefined;
  #isFull = false;

  constructor(options: BtHidOptions, context: BtHidContext) {
    this.#options = options;
    this.#context = context;
    this.#clients = new BtClients({
      ...{ max: options.max_clients, timeoutMs: options.socket_timeout * 1000, log: context.log },
      onGone: (address) => {
        if (options.unpair_on_close) this.#leavers.add(address);
      },
    });
    const { count, leds } = this.#clients;
    this.state = new DerivedCell<HidDriverState>([count, leds], () => this.#stateNow());
    this.#unsubscribe = count.subscribe((now) => {
      if (now === 0) this.#forget();
    });
    this.#running = Promise.all([this.#serve(), this.#pump()]);
  }

  get ready(): boolean {
    return this.#clients.isReady;
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

  /** There is no absolute mouse. */
  move(): void {}

  moveBy(x: number, y: number): void {
    this.#push({ kind: 'moveBy', x, y });
  }

  /** There is no horizontal wheel. */
  wheel(_x: number, y: number): void {
    if (y !== 0) this.#push({ kind: 'wheel', x: 0, y });
  }

  releaseAll(): void {
    this.#queue.clear();
    this.#push({ kind: 'release' });
  }

  /** Disconnects all machines; they may connect anew. */
  async reset(): Promise<void> {
    this.#clients.closeAll();
  }

  async setKeyboardOutput(): Promise<void> {}

  async setMouseOutput(): Promise<void> {}

  /** A machine connects itself. */
  async setConnected(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.releaseAll();
    await this.drained(0, AbortSignal.timeout(CLOSE_MS)).catch(() => undefined);
    this.#ended.abort(new Error('The Bluetooth keyboard was closed'));
    await this.#running;
    this.#unsubscribe();
    this.state.close();
  }

  #push(input: SerialInput): void {
    if (!this.ready) return;
    if (!this.#queue.push(input) && !this.#isFull) {
      this.#isFull = true;
      this.#context.log.warn({}, 'The machines take no more input by Bluetooth');
    }
    this.#work.ring();
  }

  /** Nobody is there any more, and what was held is not held. */
  #forget(): void {
    this.#queue.clear();
    this.#keyboard.clear();
    this.#mouse.clear();
  }

  async #pump(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const input = this.#queue.take();
      if (input) {
        for (const packet of this.#packetsOf(input)) await this.#clients.send(packet);
        this.#queue.done();
      } else await this.#work.wait(undefined, signal).catch(() => undefined);
    }
  }

  #packetsOf(input: SerialInput): readonly Uint8Array[] {
    const mouse = (...reports: readonly Uint8Array[]) =>
      reports.map((report) => encodeHidpInput('mouse', report));
    switch (input.kind) {
      case 'key': {
        const codes = keyByName(input.key);
        const reports = codes ? this.#keyboard.event(codes, input.pressed) : [];
        return reports.map((report) => encodeHidpInput('keyboard', report));
      }
      case 'button':
        return mouse(...this.#mouse.button(input.button, input.pressed));
      case 'moveBy':
        return mouse(this.#mouse.moveBy(input.x, input.y));
      case 'wheel':
        return mouse(this.#mouse.wheel(0, input.y));
      case 'release': {
        const keyboard = encodeHidpInput('keyboard', this.#keyboard.clear());
        return [keyboard, ...mouse(this.#mouse.clear())];
      }
      case 'move':
        return [];
    }
  }

  async #serve(): Promise<void> {
    const { signal } = this.#ended;
    const { retryMs = FIRST_RETRY_MS } = this.#context.system ?? {};
    let waitMs = retryMs;
    // The owner's constructor must be done first.
    await Promise.resolve();
    while (!signal.aborted) {
      try {
        await this.#serveOnce(signal, () => {
          waitMs = retryMs;
        });
      } catch (error) {
        if (!signal.aborted) this.#complain(error);
      }
      await sleep(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }

  /** Offers the service until something that it needs goes; throws what that is. */
  async #serveOnce(ended: AbortSignal, works: () => void): Promise<void> {
    const { log, system = {} } = this.#context;
    await using service = await BtService.start(
      this.#options,
      {
        ...{ bus: system.bus ?? SYSTEM_BUS, serveL2cap: system.serveL2cap ?? serveL2cap, log },
        ...{ clients: this.#clients, leavers: this.#leavers },
      },
      ended,
    );
    if (this.#complaint !== undefined) log.info({}, 'The Bluetooth adapter is back');
    this.#complaint = undefined;
    works();
    const signal = anySignal([ended, service.gone]);
    await new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  /** The same trouble is told once. */
  #complain(error: unknown): void {
    const complaint = bluetoothTrouble(error);
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    const { log } = this.#context;
    log.warn({ iface: this.#options.iface, err: error }, `There is no Bluetooth: ${complaint}`);
  }

  #stateNow(): HidDriverState {
    const online = this.#clients.count.value > 0;
    const { connected, busy, keyboard, mouse } = HID_OFFLINE;
    return {
      ...{ online, connected, busy },
      keyboard: { ...keyboard, online, leds: this.#clients.leds.value },
      mouse: { ...mouse, online, absolute: false },
    };
  }
}
