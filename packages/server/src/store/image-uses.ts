import { KvmError } from '@crashcart/api';
import type { ImageUse } from '../core/image-store.ts';
import type { Unsubscribe } from '../core/state.ts';

/** Who uses which image: many may read one, who writes has it alone. */
export class ImageUses {
  readonly #uses = new Map<string, { readonly use: ImageUse; readonly count: number }>();

  /** Holds an image until what it returns is called. Throws MsdIsBusyError. */
  hold(name: string, use: ImageUse): Unsubscribe {
    const held = this.#uses.get(name);
    if (held && (held.use === 'write' || use === 'write')) {
      throw new KvmError('MsdIsBusyError', 'The image is in use elsewhere');
    }
    this.#uses.set(name, { use, count: (held?.count ?? 0) + 1 });
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const now = this.#uses.get(name);
      if (now && now.count > 1) this.#uses.set(name, { ...now, count: now.count - 1 });
      else this.#uses.delete(name);
    };
  }
}
