import type { KeyName } from '@crashcart/api';
import { FILLING, isWorn, textChange } from './soft-text.ts';
import { type Strike, strikesOf } from './us-keys.ts';

/** What a soft keyboard does to the machine. */
export interface SoftTypingPort {
  /** Presses and releases a key. */
  strike(strike: Strike): void;
  /** Types a text for which keys alone do not do. */
  print(text: string): void;
  /** Whether the machine's layout is that of a US keyboard. */
  hasUsLayout(): boolean;
  /** Whether a modifier waits for the next key, which must be a key then. */
  hasLatch(): boolean;
  capsLock(): boolean;
}

/** Keys that write nothing into a field, by the names that soft keyboards tell without a code. */
const PLAIN_KEYS: ReadonlyMap<string, KeyName> = new Map<string, KeyName>([
  ...(['Enter', 'Tab', 'Escape', 'Backspace', 'Delete', 'Home', 'End'] as const).map(
    (key): [string, KeyName] => [key, key],
  ),
  ...(['PageUp', 'PageDown', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] as const).map(
    (key): [string, KeyName] => [key, key],
  ),
]);

/** Turns what happens to a hidden text field into keys and typed text. */
export class SoftTyping {
  readonly #port: SoftTypingPort;
  #before = FILLING;

  constructor(port: SoftTypingPort) {
    this.#port = port;
  }

  /** What the field holds before anything was typed; the field is to be set to it. */
  restart(): string {
    this.#before = FILLING;
    return FILLING;
  }

  /**
   * The field holds this now. The answer is what it is to be set to, if anything; never while a
   * word is composed, as that would end the composition.
   */
  input(value: string, composing: boolean): string | undefined {
    const { removed, added } = textChange(this.#before, value);
    this.#before = value;
    for (let n = 0; n < removed; n += 1) this.#strike('Backspace');
    if (added !== '') this.#type(added);
    return !composing && isWorn(value) ? this.restart() : undefined;
  }

  /** A key that is told by name; true when it was sent and the field must not get it. */
  key(name: string): boolean {
    const key = PLAIN_KEYS.get(name);
    if (key === undefined) return false;
    this.#strike(key);
    return true;
  }

  #type(text: string): void {
    const byKeys = this.#port.hasLatch() || this.#port.hasUsLayout();
    const strikes = byKeys ? strikesOf(text, this.#port.capsLock()) : undefined;
    if (strikes === undefined) this.#port.print(text);
    else for (const strike of strikes) this.#port.strike(strike);
  }

  #strike(key: KeyName): void {
    this.#port.strike({ key, shift: false });
  }
}
