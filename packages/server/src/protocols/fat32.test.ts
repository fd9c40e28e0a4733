import { expect, test } from 'vitest';
import { labelFrom, nameKey, nameTrouble } from './fat32.ts';

test.each(['a', '.hidden', 'Größe ½.txt', 'x'.repeat(255), "it's [1]; a=b+c,d"])(
  'a file can be called %j',
  (name) => expect(nameTrouble(name)).toBeUndefined(),
);

test.each([
  ['a:b', 'no ":"'],
  ['a\nb', 'no "\\n"'],
  ['what?', 'no "?"'],
  ['back\\slash', 'no "\\\\"'],
  ['end.', 'a dot'],
  ['end ', 'a blank'],
  ['x'.repeat(256), 'too long'],
  ['\ufffd', 'UTF-8'],
])('no file can be called %j', (name, why) => expect(nameTrouble(name)).toContain(why));

test('case makes no other name', () => {
  expect(nameKey('Größe.TXT')).toBe(nameKey('GRÖßE.txt'));
  expect(nameKey('a')).not.toBe(nameKey('b'));
});

test.each([
  ['DEBIAN 12', 'DEBIAN 12'],
  [' install ', 'INSTALL'],
  ['12345678901', '12345678901'],
  ['123456789012', undefined],
  ['', undefined],
  ['a.b', undefined],
  ['größe', undefined],
])('the label %j is %j', (text, label) => expect(labelFrom(text)).toBe(label));
