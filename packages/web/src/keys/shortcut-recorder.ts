import type { KeyName } from '@crashcart/api';
import { type KeyInput, type KeyNaming, keyNameOf } from '../screen/keyboard.ts';

/**
 * Notes the keys that were held together: those down at the last press, in the order in which they
 * went down. It is done when all are up.
 */
export class ShortcutRecorder {
  readonly #naming: KeyNaming;
  readonly #down = new Set<KeyName>();
  #keys: readonly KeyName[] = [];

  constructor(naming: KeyNaming) {
    this.#naming = naming;
  }

  /** What was noted so far. */
  get keys(): readonly KeyName[] {
    return this.#keys;
  }

  /** A key went down. */
  press(input: KeyInput): void {
    const key = keyNameOf(input);
    if (key === undefined || input.repeat) return;
    // Windows tells AltGr as left Ctrl and right Alt.
    if (key === 'AltRight' && input.key === 'AltGraph' && this.#naming.windows) {
      this.#down.delete('ControlLeft');
    }
    this.#down.add(key);
    this.#keys = [...this.#down];
  }

  /** A key came up; true when the shortcut is whole. */
  release(input: KeyInput): boolean {
    const key = keyNameOf(input);
    if (key === undefined || this.#keys.length === 0) return false;
    // macOS tells no release of a key that came up while Cmd was down.
    const isCmd = key === 'MetaLeft' || key === 'MetaRight';
    if (isCmd && this.#naming.mac) this.#down.clear();
    this.#down.delete(key);
    return this.#down.size === 0;
  }
}
