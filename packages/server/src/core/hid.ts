import {
  type HidKeymapCharacters,
  type HidKeymapsState,
  type HidPrintState,
  type HidState,
  type KeyName,
  KvmError,
  type MouseButton,
} from '@crashcart/api';
import { typedText } from '../protocols/keymap.ts';
import { KEYMAP_NAMES, type KeymapName } from '../protocols/keymaps.ts';
import type { HidDriver } from './hid-driver.ts';
import { type HidSession, type HidShared, SharedHidSession } from './hid-session.ts';
import { Holders } from './holders.ts';
import { clampPlace, Jiggler, type JigglerOptions } from './jiggler.ts';
import { keymapCharactersOf, keymapOf } from './keymap-characters.ts';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { DerivedCell, type ReadonlyCell, StateCell } from './state.ts';
import { Typing } from './typing.ts';

export { KEYMAP_NAMES } from '../protocols/keymaps.ts';
export type { HidSession } from './hid-session.ts';

/** What a `Hid` is made of. */
export interface HidOptions {
  /** Owned by the caller, who closes it after the `Hid`. */
  readonly driver: HidDriver;
  readonly log: Log;
  /** Keys that are never sent. */
  readonly ignoreKeys?: readonly KeyName[];
  readonly jiggler?: JigglerOptions;
  /** The layout of texts that name none (en-us). */
  readonly keymap?: KeymapName;
}

/** How `print` types. */
export interface PrintOptions {
  /** A name of `keymaps`; the default one when absent. */
  readonly keymap?: string | undefined;
  /** Characters at most; 0 = all. */
  readonly limit: number;
  /** At least 20 ms between the keys. */
  readonly slow: boolean;
  /** Between two keys, ms. */
  readonly delayMs: number;
  /** Cancels it. */
  readonly signal: AbortSignal;
}

/** What may be changed while running; what the device lacks is ignored. */
export interface HidParams {
  readonly keyboard_output?: string | undefined;
  readonly mouse_output?: string | undefined;
  readonly jiggler?: boolean | undefined;
}

const SLOW_MS = 20;
/** The pointer is away this long. */
const WAKE_MS = 100;
const JIGGLER_DEFAULTS: JigglerOptions = { enabled: true, active: false, intervalS: 60 };

/** Keyboard and mouse of a machine: who holds what, and what may be sent. */
export class Hid {
  readonly state: ReadonlyCell<HidState>;
  readonly keymaps: ReadonlyCell<HidKeymapsState>;
  readonly #driver: HidDriver;
  readonly #log: Log;
  readonly #jiggler: Jiggler;
  readonly #typing: Typing;
  readonly #shared: HidShared;
  readonly #derived: DerivedCell<HidState>;
  #lastActiveMs: number | undefined;
  #position = { x: 0, y: 0 };

  constructor({ driver, log, ignoreKeys = [], jiggler, keymap = 'en-us' }: HidOptions) {
    this.#driver = driver;
    this.#log = log;
    this.keymaps = new StateCell({ keymaps: { default: keymap, available: KEYMAP_NAMES } });
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
    this.#typing = new Typing({ driver, keys: this.#shared.keys, log, active });
    const wished = jiggler ?? JIGGLER_DEFAULTS;
    const offered = { ...wished, enabled: wished.enabled && driver.enabled };
    this.#jiggler = new Jiggler(offered, {
      driver,
      idleMs: () => this.#idleMs(),
      position: () => this.#position,
      active,
    });
    this.#derived = new DerivedCell([driver.state, this.#jiggler.state], () => this.#wireState());
    this.state = this.#derived;
  }

  /** The text that is being typed. */
  get printing(): ReadonlyCell<HidPrintState> {
    return this.#typing.state;
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
    this.#typing.cancel();
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

  /**
   * Types a text; resolves when the device has all of it. What the layout cannot type is skipped.
   * However it ends, none of its keys stays down.
   *
   * Throws ValidatorError for an unknown layout, HidDisabledError, HidIsBusyError while another text
   * is typed, and UnavailableError when it was cancelled or the device takes no keys.
   */
  async print(text: string, { keymap, limit, slow, delayMs, signal }: PrintOptions): Promise<void> {
    const layout = await keymapOf(keymap ?? this.keymaps.value.keymaps.default);
    this.checkEnabled();
    await this.#typing.type(typedText(text, limit), {
      keymap: layout,
      delayMs: slow && delayMs === 0 ? SLOW_MS : delayMs,
      signal,
    });
  }

  /** What a layout can type, the default one when no name is given. Throws ValidatorError. */
  async keymapCharacters(name?: string): Promise<HidKeymapCharacters> {
    return await keymapCharactersOf(name ?? this.keymaps.value.keymaps.default);
  }

  /**
   * Clicks a key and moves the pointer to and fro, as somebody who wants to see a dark screen does;
   * `move` in steps of the pointer, 0 = not. Nothing is sent without a device and while anybody
   * types or holds something: that machine is awake, and the inputs would mix. The pointer goes back
   * unless somebody has moved it meanwhile. Rejects when `signal` aborts.
   */
  async wake(key: KeyName | undefined, move: number, signal?: AbortSignal): Promise<void> {
    const { keys, buttons } = this.#shared;
    if (!this.#driver.ready || keys.some || buttons.some || this.printing.value.active) return;
    const session = this.session('wake');
    try {
      if (key) session.clickKey(key);
      if (move === 0) return;
      const { x, y } = this.#position;
      session.move(clampPlace(x + move), clampPlace(y + move));
      session.moveBy([{ x: move, y: move }], false);
      const away = this.#position;
      // A driver may replace a move that waits by the next one.
      await sleep(WAKE_MS, signal);
      if (this.#position === away) session.move(x, y);
      session.moveBy([{ x: -move, y: -move }], false);
    } finally {
      session.close();
    }
  }

  /** Stops typing and the jiggler and follows the driver no longer. */
  close(): void {
    this.#typing.cancel();
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
