import { below } from './image-tree.ts';

/** Where an image is in the storage. */
export interface ImagePlace {
  /** '' = the storage itself. */
  readonly folder: string;
  readonly base: string;
}

/** An unfinished image is a hidden file beside its place. */
const UNFINISHED = /^\.(.+)\.upload$/s;

/** The place of an image by its name. */
export function placeOf(name: string): ImagePlace {
  const at = name.lastIndexOf('/');
  return { folder: at < 0 ? '' : name.slice(0, at), base: name.slice(at + 1) };
}

/** What a file is called as long as it is not all there. */
export function unfinished(base: string): string {
  return `.${base}.upload`;
}

/** What an unfinished file will be called; undefined for others. */
export function wholeOf(base: string): string | undefined {
  return UNFINISHED.exec(base)?.[1];
}

/** The name of the image that a file is, or will be. */
export function nameIn({ folder, base }: ImagePlace): string {
  return below(folder, wholeOf(base) ?? base);
}
