import { type AtxButton, type AtxPowerAction, type AtxState, KvmError } from '@crashcart/api';
import type { AtxDriver } from './atx-driver.ts';
import { Exclusive } from './exclusive.ts';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { DerivedCell, type ReadonlyCell, StateCell, type Unsubscribe } from './state.ts';

/** A region stays busy for this long after its button is up, ms (recorded). */
const SETTLE_MS = 1000;
/** How long a machine may take to obey a short press of the power button, ms. */
const OBEY_MS = 10_000;

/** What is told when a machine did not obey. */
export const IGNORED_NOTICE =
  'The machine ignored the power button for 10 s. Hard off cuts the power.';

/** What a `Atx` is made of. */
export interface AtxOptions {
  /** Owned by the caller, who closes it after the `Atx`. */
  readonly driver: AtxDriver;
  readonly log: Log;
  /** Length of a short press, ms; the driver's own unless told. */
  readonly clickMs?: number | undefined;
  /** Length of a long press, ms; the driver's own unless told. */
  readonly longClickMs?: number | undefined;
}

/** Power and reset of a machine: which press does it, and when one may be made. */
export class Atx implements AsyncDisposable {
  readonly state: ReadonlyCell<AtxState>;
  readonly #driver: AtxDriver;
  readonly #log: Log;
  readonly #lengths: { readonly clickMs: number; readonly longClickMs: number };
  readonly #power = new Exclusive('AtxIsBusyError');
  readonly #reset = new Exclusive('AtxIsBusyError');
  readonly #notice = new StateCell<string | undefined>(undefined);
  readonly #derived: DerivedCell<AtxState>;
  readonly #controller = new AbortController();
  readonly #presses = new Set<Promise<void>>();
  readonly #unfollow: Unsubscribe;
  #obeyTimer: NodeJS.Timeout | undefined;

  constructor({ driver, log, clickMs, longClickMs }: AtxOptions) {
    this.#driver = driver;
    this.#log = log;
    this.#lengths = {
      clickMs: clickMs ?? driver.clickMs,
      longClickMs: longClickMs ?? driver.longClickMs,
    };
    this.#derived = new DerivedCell([driver.leds, this.#power.busy, this.#reset.busy], () => {
      const acts = { power: this.#power.busy.value, reset: this.#reset.busy.value };
      const { power, hdd } = driver.leds.value;
      const busy = acts.power || acts.reset;
      return { enabled: driver.enabled, busy, acts, leds: { power, hdd } };
    });
    this.state = this.#derived;
    this.#unfollow = driver.leds.subscribe((leds, previous) => {
      if (leds.power !== previous.power) this.#forgetNotice();
    });
  }

  /** A sentence for people when the machine ignored a short press; it goes by itself. */
  get notice(): ReadonlyCell<string | undefined> {
    return this.#notice;
  }

  /**
   * Brings the machine to a power state; nothing happens when it has it. Resolves before the press,
   * or with `wait` when the region is free again. Throws AtxDisabledError, AtxIsBusyError.
   */
  async power(action: AtxPowerAction, wait: boolean): Promise<void> {
    this.#checkEnabled();
    const isOn = this.#driver.leds.value.power;
    if (isOn === (action === 'on')) return;
    await this.click(BUTTON_OF[action], wait);
  }

  /** Presses a button for its time; as `power` otherwise. */
  async click(button: AtxButton, wait: boolean): Promise<void> {
    this.#checkEnabled();
    const region = button === 'reset' ? this.#reset : this.#power;
    const refused = region.busy.value;
    const done = region.run(() => this.#press(button));
    if (wait || refused) return done;
    this.#follow(
      done.catch((error) => {
        if (this.#controller.signal.aborted) return;
        this.#log.error({ err: error, button }, 'The ATX button could not be pressed');
      }),
    );
  }

  /** Releases the buttons and ends all waits; resolves when the buttons are up. */
  async close(): Promise<void> {
    this.#unfollow();
    this.#forgetNotice();
    this.#controller.abort(new KvmError('UnavailableError'));
    await Promise.allSettled(this.#presses);
    this.#derived.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkEnabled(): void {
    if (!this.#driver.enabled) throw new KvmError('AtxDisabledError');
    this.#controller.signal.throwIfAborted();
  }

  async #press(button: AtxButton): Promise<void> {
    this.#forgetNotice();
    const { signal } = this.#controller;
    const { clickMs, longClickMs } = this.#lengths;
    this.#log.info({ button }, 'ATX button pressed');
    const wasOn = this.#driver.leds.value.power;
    const up = this.#driver.press(
      button === 'reset' ? 'reset' : 'power',
      button === 'power_long' ? longClickMs : clickMs,
      signal,
    );
    this.#follow(up);
    await up;
    if (button === 'power' && wasOn && this.#driver.leds.value.power) this.#awaitObedience();
    await sleep(SETTLE_MS, signal);
  }

  #awaitObedience(): void {
    if (this.#controller.signal.aborted) return;
    this.#obeyTimer = setTimeout(() => this.#notice.set(IGNORED_NOTICE), OBEY_MS);
    this.#obeyTimer.unref();
  }

  #forgetNotice(): void {
    clearTimeout(this.#obeyTimer);
    this.#notice.set(undefined);
  }

  #follow(press: Promise<void>): void {
    const settled = press
      .catch(() => undefined)
      .finally(() => {
        this.#presses.delete(settled);
      });
    this.#presses.add(settled);
  }
}

const BUTTON_OF = {
  on: 'power',
  off: 'power',
  off_hard: 'power_long',
  reset_hard: 'reset',
} as const satisfies Record<AtxPowerAction, AtxButton>;
