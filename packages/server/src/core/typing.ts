import { type HidPrintState, type KeyName, KvmError, MODIFIER_KEYS } from '@crashcart/api';
import type { Keymap, KeyStroke } from '../protocols/keymap.ts';
import { anySignal } from './any-signal.ts';
import { Exclusive } from './exclusive.ts';
import type { HidDriver } from './hid-driver.ts';
import type { Holders } from './holders.ts';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { type ReadonlyCell, StateCell, until } from './state.ts';

/** What typing needs of a HID. */
export interface TypingDevice {
  readonly driver: HidDriver;
  readonly keys: Holders<KeyName>;
  readonly log: Log;
  /** Somebody did something. */
  active(): void;
}

/** How a text is typed. */
export interface TypingOptions {
  readonly keymap: Keymap;
  /** Between two keys, ms. */
  readonly delayMs: number;
  readonly signal: AbortSignal;
}

/** Events that may wait in the driver: few, so that a cancel is quick and others get their turn. */
const AHEAD = 8;
/** A key is held no longer than this, whatever the delay: the machine would repeat it. */
const MAX_HOLD_MS = 50;
/** Between two tellings of the progress. */
const TELL_MS = 100;
/** How long this may run without letting others run. */
const TURN_MS = 10;
/** How long the machine may take to switch the Caps Lock light. */
const LED_MS = 1000;

const NOTHING: HidPrintState = { active: false, written: 0, total: 0, skipped: 0, keymap: '' };

/** Types texts, one at a time, at the rate that the device can take. */
export class Typing {
  readonly #device: TypingDevice;
  readonly #state = new StateCell(NOTHING);
  readonly #region = new Exclusive('HidIsBusyError');
  readonly #holder = {};
  #stop = new AbortController();

  constructor(device: TypingDevice) {
    this.#device = device;
  }

  /** What is being typed, told about ten times a second. */
  get state(): ReadonlyCell<HidPrintState> {
    return this.#state;
  }

  /**
   * Types a text that `typedText` has made and resolves when the device has it all. Characters that
   * the layout lacks are skipped and counted. However it ends, none of its keys stays down.
   *
   * Throws HidIsBusyError while another text is typed, and UnavailableError when it was cancelled or
   * the device takes no keys.
   */
  type(text: string, options: TypingOptions): Promise<void> {
    return this.#region.run(() => this.#run(text, options));
  }

  /** Cancels what is being typed. */
  cancel(): void {
    this.#stop.abort(new Error('The keyboard was reset'));
  }

  async #run(text: string, { keymap, delayMs, signal }: TypingOptions): Promise<void> {
    const { driver, log } = this.#device;
    this.#stop = new AbortController();
    const stopped = anySignal([signal, this.#stop.signal]);
    const progress = { ...NOTHING, total: countCharacters(text), keymap: keymap.name };
    const tell = (active: boolean) => this.#state.set({ ...progress, active });
    tell(true);
    const lifted = this.#liftModifiers();
    let hadCapsLock = false;
    try {
      hadCapsLock = await this.#switchCapsLockOff(stopped);
      let toldMs = performance.now();
      let turnMs = toldMs;
      for (const char of text) {
        stopped.throwIfAborted();
        if (!driver.ready) throw new KvmError('UnavailableError', 'The machine takes no keys now');
        const strokes = keymap.strokesFor(char);
        for (const stroke of strokes ?? []) await this.#strike(stroke, delayMs, stopped);
        progress.written += 1;
        if (strokes === undefined) progress.skipped += 1;
        await driver.drained(AHEAD, stopped);
        const nowMs = performance.now();
        if (nowMs - toldMs >= TELL_MS) {
          toldMs = nowMs;
          tell(true);
        }
        // A driver that is never full, or a text of nothing but skipped ones, would let nobody run.
        if (nowMs - turnMs >= TURN_MS) {
          await sleep(0, stopped);
          turnMs = performance.now();
        }
      }
      this.#releaseModifiers();
      await driver.drained(0, stopped);
    } catch (error) {
      if (!stopped.aborted) throw error;
      throw new KvmError('UnavailableError', 'The typing was cancelled', { cause: error });
    } finally {
      this.#releaseModifiers();
      if (hadCapsLock && !driver.state.value.keyboard.leds.caps) this.#tap('CapsLock');
      this.#pressAgain(lifted);
      tell(false);
      const { total, written, skipped } = progress;
      log.info({ keymap: keymap.name, total, written, skipped }, 'A text was typed');
    }
  }

  /** The keys that stay down over runs are pressed and released only where the need changes. */
  async #strike({ key, shift, altGr }: KeyStroke, delayMs: number, signal: AbortSignal) {
    const { driver, keys } = this.#device;
    this.#device.active();
    if (delayMs > 0) await sleep(delayMs, signal);
    this.#hold('ShiftLeft', shift);
    this.#hold('AltRight', altGr);
    // One that somebody holds down would type nothing.
    if (keys.isHeld(key)) driver.key(key, false);
    driver.key(key, true);
    try {
      if (delayMs > 0) await sleep(Math.min(delayMs, MAX_HOLD_MS), signal);
    } finally {
      driver.key(key, false);
    }
  }

  #tap(key: KeyName): void {
    this.#device.driver.key(key, true);
    this.#device.driver.key(key, false);
  }

  #hold(key: KeyName, wanted: boolean): void {
    const { driver, keys } = this.#device;
    if (keys.isHeldBy(this.#holder, key) === wanted) return;
    if (wanted) keys.press(this.#holder, key);
    else keys.release(this.#holder, key);
    driver.key(key, wanted);
  }

  #releaseModifiers(): void {
    this.#hold('ShiftLeft', false);
    this.#hold('AltRight', false);
  }

  /** What others hold would change what every key means, so it goes up meanwhile. */
  #liftModifiers(): readonly KeyName[] {
    const { driver, keys } = this.#device;
    const held = [...MODIFIER_KEYS].filter((key) => keys.isHeld(key));
    for (const key of held) driver.key(key, false);
    return held;
  }

  #pressAgain(lifted: readonly KeyName[]): void {
    const { driver, keys } = this.#device;
    for (const key of lifted) if (keys.isHeld(key)) driver.key(key, true);
  }

  /** Whether Caps Lock was on and is off now. A machine that does not react is left as it is. */
  async #switchCapsLockOff(signal: AbortSignal): Promise<boolean> {
    const { driver, log } = this.#device;
    if (!driver.state.value.keyboard.leds.caps) return false;
    this.#tap('CapsLock');
    const waiting = anySignal([signal, AbortSignal.timeout(LED_MS)]);
    try {
      await until(driver.state, ({ keyboard }) => !keyboard.leds.caps, waiting);
      return true;
    } catch {
      // Whatever comes of the first tap, the second makes it as it was.
      if (signal.aborted) this.#tap('CapsLock');
      signal.throwIfAborted();
      log.warn({}, 'Caps Lock stays on: capital and small letters may be swapped');
      return false;
    }
  }
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
