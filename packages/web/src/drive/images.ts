import type { MsdImage } from '@crashcart/api';

/** One image as the page shows it. */
export interface Image {
  /** Its whole name, `folder/file`. */
  readonly name: string;
  /** Empty at the top. */
  readonly folder: string;
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** In ms since the epoch. */
  readonly modifiedMs: number;
  readonly complete: boolean;
  readonly removable: boolean;
  readonly writable: boolean;
  /** Where it is, when it is used without copying it. */
  readonly link?: Link | undefined;
}

type Link = NonNullable<MsdImage['link']>;

/** How images are ordered. */
export const IMAGE_SORTS = ['name', 'newest'] as const;
export type ImageSort = (typeof IMAGE_SORTS)[number];

/** The images of the storage in no order. */
export function imagesOf(storage: Readonly<Record<string, MsdImage>>): readonly Image[] {
  return Object.entries(storage).map(([name, { mod_ts, ...rest }]) => {
    const slash = name.lastIndexOf('/');
    return {
      ...rest,
      name,
      folder: name.slice(0, Math.max(0, slash)),
      file: name.slice(slash + 1),
      modifiedMs: mod_ts * 1_000,
    };
  });
}

// One comparer for all: making one is what costs. Numbers count as people read them.
const byName = new Intl.Collator('en', { numeric: true }).compare;

/** In this order; equal ones by name. */
export function sortedImages(images: readonly Image[], sort: ImageSort): readonly Image[] {
  const named = images.toSorted((a, b) => byName(a.name, b.name) || (a.name < b.name ? -1 : 1));
  return sort === 'name' ? named : named.sort((a, b) => b.modifiedMs - a.modifiedMs);
}

/** Those in the folder or below whose names hold all words of the search, in any case. */
export function foundImages(
  images: readonly Image[],
  { folder, search }: { readonly folder: string; readonly search: string },
): readonly Image[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && folder === '') return images;
  return images.filter((image) => {
    if (folder !== '' && !isWithin(image.folder, folder)) return false;
    const name = image.name.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}

/** All folders that hold an image or a folder, in order. */
export function foldersOf(images: readonly Image[]): readonly string[] {
  const folders = new Set<string>();
  for (const { folder } of images) {
    for (let at = folder; at !== '' && !folders.has(at); at = parentOf(at)) folders.add(at);
  }
  return [...folders].sort(byName);
}

function parentOf(folder: string): string {
  return folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
}

function isWithin(folder: string, of: string): boolean {
  return folder === of || folder.startsWith(`${of}/`);
}

/** The part of the storage that a folder is in; parts are named by their prefix. */
export function partOf<T>(parts: Readonly<Record<string, T>>, folder: string): T | undefined {
  const prefixes = Object.keys(parts).filter((prefix) => prefix === '' || isWithin(folder, prefix));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : parts[longest];
}

/**
 * The name as it may be shown: what would be unseen or would turn the text around (control and
 * direction characters) is drawn as its code, e.g. `‹202E›`.
 */
export function visibleName(name: string): string {
  return name.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `‹${code.toString(16).toUpperCase().padStart(2, '0')}›`;
  });
}

// Joiners (200C, 200D) stay: names in Persian or with emoji need them.
const UNSEEN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

/** What is wrong with the source of a linked image, in a few words; undefined when nothing is. */
export function linkTrouble(link: Link | undefined): string | undefined {
  return link && LINK_TROUBLES[link.state];
}

const LINK_TROUBLES = {
  online: undefined,
  retrying: 'Its source is away',
  changed: 'It has changed at its source',
  gone: 'Its source gives it no more',
} as const;

/** Whether an image is meant for a CD-ROM drive, as far as its name tells. */
export function isDisc(name: string): boolean {
  return name.toLowerCase().endsWith('.iso');
}

const UTF8 = new TextEncoder();

/** Longest part of a name that the server takes, in bytes. */
export const LONGEST_PART = 240;

/** Whether the server takes it as a folder or file of a name. */
export function isAllowedPart(part: string): boolean {
  const name = part.trim();
  if (name === '' || name === 'lost+found' || name.startsWith('.')) return false;
  return UTF8.encode(name).length <= LONGEST_PART;
}

/** The nearest name that the server takes. */
export function allowedName(name: string): string {
  return name.split('/').map(allowedPart).join('/');
}

function allowedPart(part: string): string {
  const shown = part.trim().replace(/^\.+/, '') || 'image';
  if (isAllowedPart(shown)) return shown;
  if (shown === 'lost+found') return 'lost-found';
  const [, stem = '', extension = ''] = /^(.*?)(\.[^.]{1,8})?$/su.exec(shown) ?? [];
  const characters = [...stem];
  while (!isAllowedPart(characters.join('') + extension)) characters.pop();
  return characters.join('') + extension;
}

/** A name like `name` that none of these has: `debian-2.iso`. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  const [, stem = name, extension = ''] = /^(.+?)(\.[^./]{1,8})?$/su.exec(name) ?? [];
  for (let number = 2; ; number += 1) {
    const candidate = `${stem}-${number}${extension}`;
    if (!isTaken(candidate)) return candidate;
  }
}
