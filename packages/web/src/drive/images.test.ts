import type { MsdImage } from '@crashcart/api';
import { describe, expect, it } from 'vitest';
import {
  allowedName,
  foldersOf,
  foundImages,
  freeName,
  type Image,
  imagesOf,
  partOf,
  sortedImages,
  visibleName,
} from './images.ts';

const image = (mod_ts: number): MsdImage => ({
  ...{ complete: true, removable: true, writable: true, size: 1, mod_ts },
});
const listOf = (...names: string[]) =>
  imagesOf(Object.fromEntries(names.map((name, index) => [name, image(index)])));
const names = (images: readonly Image[]) => images.map(({ name }) => name);

describe('the list of images', () => {
  it('knows folder and file of each', () => {
    const [top, deep] = listOf('a.iso', 'sub/dir/b.img');
    expect(top).toMatchObject({ folder: '', file: 'a.iso', modifiedMs: 0 });
    expect(deep).toMatchObject({ folder: 'sub/dir', file: 'b.img', modifiedMs: 1_000 });
  });

  it('takes names that mean something to JavaScript', () => {
    const storage = JSON.parse(`{"__proto__": ${JSON.stringify(image(1))}, "constructor":
      ${JSON.stringify(image(2))}}`);
    expect(names(imagesOf(storage)).sort()).toEqual(['__proto__', 'constructor']);
  });

  it('orders by name as people count, or the newest first', () => {
    const images = listOf('b10.iso', 'b9.iso', 'A.iso', 'ä.iso');
    expect(names(sortedImages(images, 'name'))).toEqual(['A.iso', 'ä.iso', 'b9.iso', 'b10.iso']);
    expect(names(sortedImages(images, 'newest'))).toEqual(['ä.iso', 'A.iso', 'b9.iso', 'b10.iso']);
  });

  it('finds by folder and words', () => {
    const images = listOf('Debian-12.iso', 'iso/debian-13.iso', 'iso/old/debian-9.iso', 'isox/a');
    const found = (folder: string, search: string) =>
      names(foundImages(images, { folder, search }));
    expect(found('', ' DEB 1')).toEqual(['Debian-12.iso', 'iso/debian-13.iso']);
    expect(found('iso', '')).toEqual(['iso/debian-13.iso', 'iso/old/debian-9.iso']);
    expect(found('iso/old', '13')).toEqual([]);
  });

  it('names each folder once, with those that hold only folders', () => {
    expect(foldersOf(listOf('a', 'x/y/z/b', 'x/c', 'w/d'))).toEqual(['w', 'x', 'x/y', 'x/y/z']);
  });

  it('orders and finds among 10,000 in a moment', () => {
    const images = imagesOf(
      Object.fromEntries(
        Array.from({ length: 10_000 }, (_, n) => [
          `folder${n % 7}/image-${n * 7919}.iso`,
          image(n),
        ]),
      ),
    );
    const from = performance.now();
    expect(sortedImages(images, 'newest')).toHaveLength(10_000);
    expect(foundImages(images, { folder: 'folder3', search: '79' }).length).toBeGreaterThan(10);
    // Far above what it takes, far below what a quadratic way would.
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});

it('finds the part of the storage by the longest prefix', () => {
  const parts = { '': 'top', nfs: 'net', 'nfs/deep': 'deep' };
  expect(partOf(parts, '')).toBe('top');
  expect(partOf(parts, 'nfsx')).toBe('top');
  expect(partOf(parts, 'nfs')).toBe('net');
  expect(partOf(parts, 'nfs/deep/er')).toBe('deep');
  expect(partOf({}, 'nfs')).toBeUndefined();
});

it('shows what a name hides', () => {
  expect(visibleName('образ диска 👩‍💻.iso')).toBe('образ диска 👩‍💻.iso');
  expect(visibleName('a\u202egpj.iso\n\u0000')).toBe('a‹202E›gpj.iso‹0A›‹00›');
  expect(visibleName('<img src=x>')).toBe('<img src=x>');
});

it('makes a name that is free', () => {
  const taken = new Set(['a.iso', 'a-2.iso']);
  expect(freeName('a.iso', (name) => taken.has(name))).toBe('a-3.iso');
  expect(freeName('archive', () => false)).toBe('archive-2');
  expect(freeName('.iso', () => false)).toBe('.iso-2');
  expect(freeName('d.d/x.tar.xz', () => false)).toBe('d.d/x.tar-2.xz');
});

it('finds the nearest name that is allowed', () => {
  expect(allowedName('iso/a.iso')).toBe('iso/a.iso');
  expect(allowedName('..hidden.iso')).toBe('hidden.iso');
  expect(allowedName('.a/lost+found/...')).toBe('a/lost-found/image');
  const long = allowedName(`${'ä'.repeat(200)}.iso`);
  expect(long).toBe(`${'ä'.repeat(118)}.iso`);
  expect(new TextEncoder().encode(long)).toHaveLength(240);
});
