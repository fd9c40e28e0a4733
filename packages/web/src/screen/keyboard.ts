import { KEY_NAMES, type KeyName } from '@crashcart/api';

/** What of a KeyboardEvent matters here. */
export interface KeyInput {
  readonly code: string;
  readonly key: string;
  readonly repeat: boolean;
}

/** What the keyboard wants done. */
export interface KeyboardPort {
  /** Tells the machine. */
  send(key: KeyName, state: boolean): void;
  /** The host key was pressed and released alone. */
  giveBack(): void;
  /** The host key is down and this key was pressed. */
  hostAct(key: KeyName): void;
}

/** Systems that tell keys in their own way. */
export interface KeyNaming {
  readonly mac: boolean;
  readonly windows: boolean;
}

/** How the keyboard at hand is. */
export interface KeyboardOptions extends KeyNaming {
  readonly hostKey: KeyName;
  /** Left Ctrl and Caps Lock change places. */
  readonly swapCtrlCaps: boolean;
}

const NAMES: ReadonlySet<string> = new Set(KEY_NAMES);

/**
 * Keeps which keys the machine believes to be down. Each press is told once (the machine repeats by
 * itself), each release only if the press was told. The host key never reaches the machine.
 */
export class Keyboard {
  readonly #port: KeyboardPort;
  readonly #options: () => KeyboardOptions;
  readonly #down = new Set<KeyName>();
  #host: 'up' | 'alone' | 'used' = 'up';

  constructor(port: KeyboardPort, options: () => KeyboardOptions) {
    this.#port = port;
    this.#options = options;
  }

  /** A key went down. */
  press(input: KeyInput): void {
    const key = this.#keyOf(input);
    if (key === undefined || input.repeat) return;
    if (key === this.#options().hostKey) {
      this.#host = 'alone';
      return;
    }
    if (this.#host !== 'up') {
      this.#host = 'used';
      this.#port.hostAct(key);
      return;
    }
    if (this.#down.has(key)) return;
    // Windows tells AltGr as left Ctrl and right Alt; the machine makes its own of right Alt.
    const altGr = key === 'AltRight' && input.key === 'AltGraph' && this.#options().windows;
    if (altGr) this.#takeCtrlBack();
    this.#down.add(key);
    this.#port.send(key, true);
  }

  /** A key came up. */
  release(input: KeyInput): void {
    const key = this.#keyOf(input);
    if (key === undefined) return;
    const { hostKey, mac } = this.#options();
    if (key === hostKey) {
      const alone = this.#host === 'alone';
      this.#host = 'up';
      if (alone) this.#port.giveBack();
      return;
    }
    // macOS tells no release of a key that came up while Cmd was down.
    if (mac && (key === 'MetaLeft' || key === 'MetaRight')) {
      this.releaseAll();
      return;
    }
    if (this.#down.delete(key)) this.#port.send(key, false);
  }

  /** Releases whatever is down; true when something was. */
  releaseAll(): boolean {
    const keys = [...this.#down].reverse();
    this.#down.clear();
    this.#host = 'up';
    for (const key of keys) this.#port.send(key, false);
    return keys.length > 0;
  }

  #takeCtrlBack(): void {
    const { swapCtrlCaps } = this.#options();
    const key = swapCtrlCaps ? 'CapsLock' : 'ControlLeft';
    if (!this.#down.delete(key)) return;
    this.#port.send(key, false);
    if (!swapCtrlCaps) return;
    // As Caps Lock it has switched something already.
    this.#port.send(key, true);
    this.#port.send(key, false);
  }

  #keyOf(input: KeyInput): KeyName | undefined {
    const key = keyNameOf(input);
    if (!this.#options().swapCtrlCaps) return key;
    if (key === 'ControlLeft') return 'CapsLock';
    return key === 'CapsLock' ? 'ControlLeft' : key;
  }
}

/** How this browser's system tells keys. */
export function keyNaming(): KeyNaming {
  return { mac: isMac(navigator.platform), windows: isWindows(navigator.platform) };
}

/** The key that a browser means, or undefined where PiKVM has no such key. */
export function keyNameOf({ code, key }: KeyInput): KeyName | undefined {
  // On ISO keyboards macOS swaps the key left of 1 and the one beside the left Shift.
  if (code === 'IntlBackslash' && (key === '`' || key === '~')) return 'Backquote';
  if (code === 'Backquote' && (key === '§' || key === '±')) return 'IntlBackslash';
  return NAMES.has(code) ? (code as KeyName) : undefined;
}

/** Whether this is macOS, by `navigator.platform` (the only hint that all browsers give). */
export function isMac(platform: string): boolean {
  return /^(mac|iphone|ipad)/i.test(platform);
}

/** Whether this is Windows. */
export function isWindows(platform: string): boolean {
  return /^win/i.test(platform);
}
