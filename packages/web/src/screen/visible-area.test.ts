import { expect, it } from 'vitest';
import { visibleArea } from './visible-area.ts';

it('is what a soft keyboard leaves free', () => {
  expect(visibleArea({ height: 508.4, offsetTop: 0, scale: 1 })).toEqual({ top: 0, height: 508 });
  // iOS scrolls the page under its keyboard.
  expect(visibleArea({ height: 420, offsetTop: 120, scale: 1 })).toEqual({ top: 120, height: 420 });
});

it('stays as it is while the browser itself is zoomed in', () => {
  expect(visibleArea({ height: 422, offsetTop: 99, scale: 2 })).toEqual({ top: 0, height: 844 });
});
