import type { KeyName } from '@crashcart/api';

/** Where a key of this page is pressed. */
export type KeySource = 'keyboard' | 'on screen';

/**
 * Joins the keys of both keyboards of this page: the machine is told the first press and the last
 * release, so that a latched Shift stays down while the real one comes up.
 */
export class HeldKeys {
  readonly #tell: (key: KeyName, state: boolean) => void;
  readonly #sources = new Map<KeyName, Set<KeySource>>();

  constructor(tell: (key: KeyName, state: boolean) => void) {
    this.#tell = tell;
  }

  /** The keys that are down, in the order in which they were pressed. */
  get keys(): readonly KeyName[] {
    return [...this.#sources.keys()];
  }

  /** A key goes down or comes up at one place; what is so already is left alone. */
  set(source: KeySource, key: KeyName, state: boolean): void {
    const sources = this.#sources.get(key);
    if (state && sources === undefined) {
      this.#sources.set(key, new Set([source]));
      this.#tell(key, true);
    } else if (state) sources?.add(source);
    else if (sources?.delete(source) && sources.size === 0) {
      this.#sources.delete(key);
      this.#tell(key, false);
    }
  }
}
