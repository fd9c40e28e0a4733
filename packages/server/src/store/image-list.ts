import { imageName, type MsdImage } from '@crashcart/api';
import type { ImageStoreState } from '../core/image-store.ts';
import type { Log } from '../core/log.ts';
import { nameIn, wholeOf } from './image-place.ts';
import type { ImageTree, TreeFile } from './image-tree.ts';

type Images = ImageStoreState['images'];
type Named = readonly [name: string, image: MsdImage];

/** The images among the files of a tree, as the API has them. */
export class ImageList {
  readonly #tree: ImageTree;
  readonly #log: Log;
  readonly #known = new WeakMap<TreeFile, Named | undefined>();

  constructor(tree: ImageTree, log: Log) {
    this.#tree = tree;
    this.#log = log;
  }

  /** Facts of all by their names, as they are now. */
  list(): Images {
    const found: Named[] = [];
    for (const { path, files } of this.#tree.folders) {
      for (const file of files.values()) {
        const image = this.#imageOf(path, file);
        if (!image || (!image[1].complete && files.has(wholeOf(file.name) ?? ''))) continue;
        found.push(image);
      }
    }
    // Frozen, its text is made once: see the envelope.
    return Object.freeze(Object.fromEntries(found));
  }

  /** Name and facts; undefined for what is no image. A file that is as it was keeps its object. */
  #imageOf(folder: string, file: TreeFile): Named | undefined {
    if (this.#known.has(file)) return this.#known.get(file);
    const name = nameIn({ folder, base: file.name });
    const image = this.#isNamed(name) ? ([name, factsOf(file)] as const) : undefined;
    this.#known.set(file, image);
    return image;
  }

  /** Whether the API can name it; hidden files it never can. */
  #isNamed(name: string): boolean {
    try {
      if (imageName(name) === name) return true;
    } catch {
      if (/(^|\/)\.[^/]*$/.test(name)) return false;
    }
    this.#log.warn({ file: name }, 'This name cannot be used for an image; rename the file');
    return false;
  }
}

function factsOf({ name, removable, writable, size, modifiedS }: TreeFile): MsdImage {
  const whole = wholeOf(name);
  return Object.freeze({
    complete: whole === undefined,
    removable,
    writable: writable && !/\.iso$/i.test(whole ?? name),
    size,
    mod_ts: modifiedS,
  });
}
