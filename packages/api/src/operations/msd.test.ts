import { expect, test } from 'vitest';
import { parseParams } from '../contract.ts';
import { imageName, imageNameIn, isImageUrl, read, setParams, write, writeRemote } from './msd.ts';

const from = (given: Readonly<Record<string, string>>) => (name: string) => given[name];

test.each([
  ['debian.iso', 'debian.iso'],
  ['  debian.iso ', 'debian.iso'],
  ['a//b/ c.img', 'a/b/c.img'],
  ['/etc/passwd', 'etc/passwd'],
  ['образ диска.img', 'образ диска.img'],
  ['镜像/イメージ.iso', '镜像/イメージ.iso'],
  ['صورة.img', 'صورة.img'],
  ['ภาพ 💿.iso', 'ภาพ 💿.iso'],
  ['$(reboot);`id`|&"\'<script>.img', '$(reboot);`id`|&"\'<script>.img'],
  ['a\u0001b\n\u202ec.img', 'a_b__c.img'],
  ['__proto__', '__proto__'],
])('%j names the image %j', (raw, name) => {
  expect(imageName(raw)).toBe(name);
});

test.each([
  ['', ''],
  ['/', '/'],
  ['..', '..'],
  ['../x', '..'],
  ['a/../../x', '..'],
  ['.hidden', '.hidden'],
  ['a/.b/c', '.b'],
  ['lost+found', 'lost+found'],
  ['a/ /b', ''],
  ['a\ufffd', 'a\ufffd'],
])('%j is no name', (raw, shown) => {
  expect(() => imageName(raw)).toThrow(`The argument '${shown}' is not a valid MSD image name`);
});

test('a name that no file system takes is refused with what is wrong', () => {
  expect(imageName('я'.repeat(120))).toHaveLength(120);
  expect(() => imageName('я'.repeat(121))).toThrow('is longer than 240 bytes');
  expect(() => imageName('x/'.repeat(600))).toThrow('RAW limit exceed');
});

test('a prefix is a folder', () => {
  expect(imageNameIn('', 'x.iso')).toBe('x.iso');
  expect(imageNameIn('/a/b/', 'x.iso')).toBe('a/b/x.iso');
  expect(() => imageNameIn('', '/')).toThrow("The argument '//' is not a valid MSD image name");
  expect(() => imageNameIn('..', 'x')).toThrow("The argument '..' is not a valid MSD image name");
});

test('an image to select may be none or elsewhere', () => {
  expect(parseParams(setParams.params, from({ image: ' ' })).image).toBe('');
  const { image = '' } = parseParams(setParams.params, from({ image: 'smb://host/x.iso' }));
  expect(isImageUrl(image)).toBe(true);
  expect(isImageUrl('a/b.iso')).toBe(false);
});

test.each(['nope', 'file:///etc/passwd', 'ftp://x/y', 'http://', 'http:///x', 'http://a b/', ' '])(
  '%j is nothing to fetch',
  (url) => {
    expect(() => parseParams(writeRemote.params, from({ url }))).toThrow(
      /is not a valid HTTP\(S\) URL/,
    );
  },
);

test("what is left out has PiKVM's values", () => {
  expect(parseParams(write.params, from({ image: 'x' }))).toEqual({
    ...{ prefix: '', image: 'x', remove_incomplete: false },
  });
  expect(parseParams(writeRemote.params, from({ url: 'https://host/x.iso' }))).toEqual({
    ...{ url: 'https://host/x.iso', prefix: '', image: '', timeout: 10 },
    ...{ insecure: false, remove_incomplete: false },
  });
  expect(parseParams(read.params, from({ image: 'x', compress: '' })).compress).toBe('none');
});
