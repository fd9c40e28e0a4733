import { signal } from '@preact/signals';
import { expect, it } from 'vitest';
import { actions, offer } from './actions.ts';

const run = () => undefined;
const names = () => actions.value.map(({ name }) => name);

it('has what is offered, as long as it is, in the order of the offers', () => {
  const stop = offer([{ id: 'a', name: 'A', run }]);
  const stopOther = offer([{ id: 'b', name: 'B', run }]);
  expect(names()).toEqual(['A', 'B']);
  stop();
  expect(names()).toEqual(['B']);
  stopOther();
  expect(names()).toEqual([]);
});

it('follows offers that change and leaves out what makes no sense now', () => {
  const images = signal(['debian.iso']);
  const isOn = signal(false);
  const stops = [
    offer(() => images.value.map((name) => ({ id: name, name, run }))),
    offer([{ id: 'off', name: 'Hard off', available: () => isOn.value, run }]),
  ];
  expect(names()).toEqual(['debian.iso']);
  images.value = ['debian.iso', 'alpine.iso'];
  isOn.value = true;
  expect(names()).toEqual(['debian.iso', 'alpine.iso', 'Hard off']);
  for (const stop of stops) stop();
});
