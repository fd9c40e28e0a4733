import { expect, it } from 'vitest';
import { characterWords, countCharacters, judgeText } from './typable.ts';

const LAYOUT = {
  keymap: 'xx',
  characters: 'abcé \n\t',
  replaced: '“”',
  by_position: 'z',
};

it('counts characters as the server does: composed, without carriage returns', () => {
  expect(countCharacters('a\r\nb')).toBe(3);
  expect(countCharacters('e\u0301')).toBe(1);
  expect(countCharacters('🙂')).toBe(1);
});

it('names each character once, by what happens to it', () => {
  expect(judgeText('a“b” zz ż🙂ż\r\n', LAYOUT)).toEqual({
    count: 12,
    skipped: ['ż', '🙂'],
    skippedCount: 3,
    replaced: ['“', '”'],
    byPosition: ['z'],
  });
});

it('takes a decomposed character as the composed one', () => {
  expect(judgeText('e\u0301', LAYOUT).skipped).toEqual([]);
  expect(judgeText('z\u0301', LAYOUT).skipped).toEqual(['ź']);
});

it('shows what cannot be seen by its code', () => {
  const { named, more } = characterWords(['ż', '\u0007', '\u00a0', '\u0301']);
  expect(named).toEqual(['ż', 'U+0007', 'U+00A0', '◌\u0301']);
  expect(more).toBe(0);
  expect(characterWords([...'abcdefghijklmno'])).toMatchObject({ more: 3 });
});

it('judges a megabyte while somebody types', () => {
  const text = 'żaé“'.repeat(250_000);
  const started = performance.now();
  expect(judgeText(text, LAYOUT).count).toBe(1_000_000);
  expect(performance.now() - started).toBeLessThan(2_000);
});
