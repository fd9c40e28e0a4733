import {
  type HidKeymapsState,
  type HidState,
  type KeyName,
  KvmError,
  type MouseButton,
} from '@crashcart/api';
import type { HidDriver } from './hid-driver.ts';
import { type HidSession, type HidShared, SharedHidSession } from './hid-session.ts';
import { Holders } from './holders.ts';
import { Jiggler, type JigglerOptions } from './jiggler.ts';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { DerivedCell, type ReadonlyCell, StateCell } from './state.ts';

export type { HidSession } from './hid-session.ts';

/** What a `Hid` is made of. */
export interface HidOptions {
  /** Owned by the caller, who closes it after the `Hid`. */
  readonly driver: HidDriver;
  readonly log: Log;
  /** Keys that are never sent. */
  readonly ignoreKeys?: readonly KeyName[];
  readonly jiggler?: JigglerOptions;
}

/** What may be changed while running; what the device lacks is ignored. */
export interface HidParams {
  readonly keyboard_output?: string | undefined;
  readonly mouse_output?: string | undefined;
  readonly jiggler?: boolean | undefined;
}

const JIGGLER_DEFAULTS: JigglerOptions = { enabled: true, active: false, intervalS: 60 };

/** Keyboard and mouse of a machine: who holds what, and what may be sent. */
export class Hid {
  readonly state: ReadonlyCell<HidState>;
  readonly keymaps: ReadonlyCell<HidKeymapsState> = new StateCell({
    keymaps: { default: 'en-us', available: ['en-us'] },
  });
  readonly #driver: HidDriver;
  readonly #log: Log;
  readonly #jiggler: Jiggler;
  readonly #shared: HidShared;
  readonly #derived: DerivedCell<HidState>;
  #lastActiveMs: number | undefined;
  #position = { x: 0, y: 0 };

  constructor({ driver, log, ignoreKeys = [], jiggler = JIGGLER_DEFAULTS }: HidOptions) {
    this.#driver = driver;
    this.#log = log;
    const active = () => {
      this.#lastActiveMs = performance.now();
    };
    this.#shared = {
      driver,
      keys: new Holders<KeyName>(),
      buttons: new Holders<MouseButton>(),
      ignored: new Set(ignoreKeys),
      active,
      moved: (x, y) => {
        this.#position = { x, y };
      },
    };
    const offered = { ...jiggler, enabled: jiggler.enabled && driver.enabled };
    this.#jiggler = new Jiggler(offered, {
      driver,
      idleMs: () => this.#idleMs(),
      position: () => this.#position,
      active,
    });
    this.#derived = new DerivedCell([driver.state, this.#jiggler.state], () => this.#wireState());
    this.state = this.#derived;
  }

  /** How many events wait to be sent to the device. */
  get backlog(): number {
    return this.#driver.backlog;
  }

  /** Resolves when the backlog is at most `count`. */
  drained(count: number, signal?: AbortSignal): Promise<void> {
    return this.#driver.drained(count, signal);
  }

  /** The inputs of one client; `name` is for the log. Its owner closes it. */
  session(name: string): HidSession {
    this.#log.debug({ session: name }, 'HID session opened');
    return new SharedHidSession(this.#shared);
  }

  /** Throws HidDisabledError when there is no HID; events of sessions are silently dropped then. */
  checkEnabled(): void {
    if (!this.#driver.enabled) throw new KvmError('HidDisabledError');
  }

  /** Changes what is given and supported. Throws HidDisabledError. */
  async setParams(params: HidParams): Promise<void> {
    this.checkEnabled();
    const { keyboard, mouse } = this.#driver.state.value;
    const { keyboard_output: keyboardOutput, mouse_output: mouseOutput } = params;
    if (keyboardOutput !== undefined && keyboard.outputs.available.includes(keyboardOutput)) {
      await this.#driver.setKeyboardOutput(keyboardOutput);
    }
    if (mouseOutput !== undefined && mouse.outputs.available.includes(mouseOutput)) {
      await this.#driver.setMouseOutput(mouseOutput);
    }
    if (params.jiggler !== undefined) this.#jiggler.setActive(params.jiggler);
  }

  /** Plugs the device in or out; ignored where it cannot be unplugged. Throws HidDisabledError. */
  async setConnected(connected: boolean): Promise<void> {
    this.checkEnabled();
    if (this.#driver.state.value.connected !== null) await this.#driver.setConnected(connected);
  }

  /** Releases everything, whoever holds it, and starts the device anew. Throws HidDisabledError. */
  async reset(): Promise<void> {
    this.checkEnabled();
    this.#shared.keys.clear();
    this.#shared.buttons.clear();
    await this.#driver.reset();
  }

  /** Whole seconds since the last input; -1 when there was none. */
  inactivityS(): number {
    const idleMs = this.#idleMs();
    return idleMs === undefined ? -1 : Math.floor(idleMs / 1000);
  }

  /**
   * Presses keys in order and releases them in reverse, `waitMs` between two events. When `signal`
   * aborts, what is still pressed is released. Throws HidDisabledError.
   */
  async sendShortcut(
    keys: readonly KeyName[],
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    this.checkEnabled();
    const session = this.session('shortcut');
    try {
      const events = [
        ...keys.map((key) => ({ key, state: true })),
        ...keys.toReversed().map((key) => ({ key, state: false })),
      ];
      for (const [index, { key, state }] of events.entries()) {
        if (index > 0 && waitMs > 0) await sleep(waitMs, signal);
        session.key(key, state, false);
      }
    } finally {
      session.close();
    }
  }

  /** Stops the jiggler and follows the driver no longer. */
  close(): void {
    this.#jiggler.close();
    this.#derived.close();
  }

  #idleMs(): number | undefined {
    return this.#lastActiveMs === undefined ? undefined : performance.now() - this.#lastActiveMs;
  }

  // The order of the keys is PiKVM's.
  #wireState(): HidState {
    const { online, busy, connected, keyboard, mouse } = this.#driver.state.value;
    return {
      enabled: this.#driver.enabled,
      online,
      busy,
      connected,
      keyboard,
      mouse: { outputs: mouse.outputs, online: mouse.online, absolute: mouse.absolute },
      jiggler: this.#jiggler.state.value,
    };
  }
}
