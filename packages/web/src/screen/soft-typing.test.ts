import { expect, it } from 'vitest';
import { FILLING } from './soft-text.ts';
import { SoftTyping } from './soft-typing.ts';

function typingOf({ us = true, latch = false, caps = false } = {}) {
  const told: string[] = [];
  const typing = new SoftTyping({
    strike: ({ key, shift }) => told.push(shift ? `shift ${key}` : key),
    print: (text) => told.push(`print ${text}`),
    hasUsLayout: () => us,
    hasLatch: () => latch,
    capsLock: () => caps,
  });
  return { told, typing };
}

it('types what an Android keyboard composes, as it comes', () => {
  const { told, typing } = typingOf();
  for (const text of ['l', 'ls', 'ls ']) typing.input(FILLING + text, true);
  expect(told).toEqual(['KeyL', 'KeyS', 'Space']);
});

it('takes back what the keyboard mends', () => {
  const { told, typing } = typingOf();
  typing.input(`${FILLING}teh`, true);
  typing.input(`${FILLING}the `, false);
  expect(told).toEqual([
    ...['KeyT', 'KeyE', 'KeyH'],
    ...['Backspace', 'Backspace', 'KeyH', 'KeyE', 'Space'],
  ]);
});

it('presses Backspace when there is nothing of its own to delete', () => {
  const { told, typing } = typingOf();
  typing.input(FILLING.slice(1), false);
  expect(told).toEqual(['Backspace']);
});

it('asks for a field that is filled anew, but not in the middle of a word', () => {
  const { typing } = typingOf();
  const long = FILLING + 'x'.repeat(300);
  expect(typing.input(long, true)).toBeUndefined();
  expect(typing.input(`${long}x`, false)).toBe(FILLING);
});

it('has the server type what keys alone cannot', () => {
  const { told, typing } = typingOf();
  typing.input(`${FILLING}né`, false);
  expect(told).toEqual(['print né']);
  const german = typingOf({ us: false });
  german.typing.input(`${FILLING}z`, false);
  expect(german.told).toEqual(['print z']);
});

it('uses keys for a latched modifier in every layout', () => {
  const { told, typing } = typingOf({ us: false, latch: true });
  typing.input(`${FILLING}c`, false);
  expect(told).toEqual(['KeyC']);
});

it('sends keys that write nothing, and leaves the others to the field', () => {
  const { told, typing } = typingOf();
  expect(typing.key('Enter')).toBe(true);
  expect(typing.key('ArrowUp')).toBe(true);
  expect(typing.key('a')).toBe(false);
  expect(typing.key('Unidentified')).toBe(false);
  expect(told).toEqual(['Enter', 'ArrowUp']);
});
