import type { ImageStore } from './image-store.ts';
import type { Log } from './log.ts';
import type { MsdMedium } from './msd-driver.ts';
import type { Unsubscribe } from './state.ts';

/** Keeps the image of one drive from being changed by others, as long as it is in. */
export class MsdHold {
  readonly #images: ImageStore;
  readonly #log: Log;
  #held: { readonly name: string; readonly release: Unsubscribe } | undefined;

  constructor(images: ImageStore, log: Log) {
    this.#images = images;
    this.#log = log;
  }

  /** Takes an image that shall be put in, instead of what was held. Throws MsdIsBusyError. */
  async take(name: string, rw: boolean): Promise<void> {
    this.release();
    const release = this.#images.hold(name, rw ? 'write' : 'read');
    this.#held = { name, release };
    if (!rw) return;
    const protect = await this.#images.makeWritable();
    const both = () => {
      release();
      protect();
    };
    this.#held = { name, release: both };
  }

  /** Holds what is in the machine, also what an earlier server put there. */
  follow(medium: MsdMedium | undefined): void {
    const name = medium && this.#images.nameOf(medium.source);
    if (name === this.#held?.name) return;
    this.release();
    if (name === undefined) return;
    try {
      this.#held = { name, release: this.#images.hold(name, medium?.rw ? 'write' : 'read') };
    } catch (error) {
      this.#log.warn({ err: error, image: name }, 'Another machine uses the image in the drive');
    }
  }

  /** Holds nothing any more. */
  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}
