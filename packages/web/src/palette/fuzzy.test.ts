import { expect, it } from 'vitest';
import { find } from './fuzzy.ts';

const ITEMS = [
  { name: 'Press power' },
  { name: 'Ctrl+Alt+Del', words: 'reboot login' },
  { name: 'Colours: dark', words: 'theme night' },
  { name: 'Settings' },
  { name: 'Reset' },
  { name: 'Full screen' },
];
const names = (search: string) => find(search, ITEMS).map(({ item }) => item.name);

it('gives everything in its order when nothing is searched', () => {
  expect(names(' ')).toEqual(ITEMS.map(({ name }) => name));
});

it('puts the begin of a word before a part of one, and letters last', () => {
  expect(names('set')).toEqual(['Settings', 'Reset']);
  expect(names('scr')[0]).toBe('Full screen');
});

it('finds by the first letters of the words', () => {
  expect(names('cad')[0]).toBe('Ctrl+Alt+Del');
  expect(find('cad', ITEMS)[0]?.marks).toEqual([0, 5, 9]);
});

it('finds by words that are not shown, and needs every word', () => {
  expect(names('theme')).toEqual(['Colours: dark']);
  expect(names('dark colours')).toEqual(['Colours: dark']);
  expect(names('dark power')).toEqual([]);
});

it('marks what was met', () => {
  expect(find('pow', ITEMS)[0]).toEqual({ item: ITEMS[0], marks: [6, 7, 8] });
});

it('takes any text as text', () => {
  for (const search of ['(', '\\', '[a', '.*', '🙂']) expect(names(search)).toEqual([]);
});
