import { gpioState } from '@crashcart/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseView } from './gpio-view.ts';

const CHANNELS = {
  isInput: (name: string) => name === 'led',
  isOutput: (name: string) => name === 'key',
};
const cell = (text: string) => parseView({ title: '', table: [[text]] }, CHANNELS).table[0]?.[0];
const key = { type: 'output', channel: 'key', confirm: false, hide: false, text: 'Click' };

describe('parseView', () => {
  test.each([
    ['# Some text ', { type: 'label', text: 'Some text' }],
    ['', { type: 'label', text: '' }],
    ['#a|b', { type: 'label', text: 'a|b' }],
    ['led', { type: 'input', channel: 'led', color: 'green' }],
    [' led | pink ', { type: 'input', channel: 'led', color: 'pink' }],
    ['led|mauve', { type: 'input', channel: 'led', color: 'green' }],
    ['key', key],
    ['key|Go', { ...key, text: 'Go' }],
    ['key|confirm|Go', { ...key, confirm: true, text: 'Go' }],
    ['key|hide, confirm|', { ...key, confirm: true, hide: true }],
    ['key||Go', { ...key, text: 'Go' }],
    ['key|nonsense|a|b', { ...key, text: 'a|b' }],
    ['nope', undefined],
    ['nope|Go', undefined],
  ])('reads %j', (text, item) => {
    expect(cell(text)).toEqual(item);
  });

  test('makes separators of empty rows and drops rows of unknown channels', () => {
    const { table } = parseView({ title: '', table: [[], ['nope'], ['nope', '#x'], []] }, CHANNELS);
    expect(table).toEqual([null, [{ type: 'label', text: 'x' }], null]);
  });

  test('takes a title of one text, or of labels and inputs', () => {
    const titleOf = (title: string | string[]) => parseView({ title, table: [] }, CHANNELS).header;
    expect(titleOf('#Lab')).toEqual({ title: [{ type: 'label', text: '#Lab' }] });
    expect(titleOf(['#Lab', 'led', 'key'])).toEqual({
      title: [
        { type: 'label', text: 'Lab' },
        { type: 'input', channel: 'led', color: 'green' },
      ],
    });
  });

  test('gives only what the contract has, whatever is written', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('led', 'key', 'key|', 'led|', '|', ','));
    const row = fc.array(fc.array(text).map((parts) => parts.join('')));
    fc.assert(
      fc.property(fc.array(row), (table) => {
        const view = parseView({ title: 'x', table }, CHANNELS);
        expect(gpioState.shape.model.shape.view.parse(view)).toEqual(view);
      }),
    );
  });
});
