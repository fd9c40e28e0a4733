import { expect, it } from 'vitest';
import { likelyFirst, noteUse } from './recent.ts';

const action = (id: string, group?: string) => ({
  ...{ id, name: id, run: () => undefined },
  ...(group !== undefined && { group }),
});
const ACTIONS = [
  action('layout.de', 'Text'),
  action('theme.dark', 'Setting'),
  action('power.press', 'Power'),
  action('open.log', 'Panel'),
  action('open.keys', 'Panel'),
];
const order = () => likelyFirst(ACTIONS).map(({ id }) => id);

it('shows what is used most first, and what was used last before that', () => {
  expect(order()).toEqual(['open.log', 'open.keys', 'power.press', 'theme.dark', 'layout.de']);
  noteUse('layout.de');
  noteUse('power.press');
  expect(order().slice(0, 3)).toEqual(['power.press', 'layout.de', 'open.log']);
});

it('keeps only the last five', () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) noteUse(id);
  expect(order()[0]).toBe('open.log');
});
