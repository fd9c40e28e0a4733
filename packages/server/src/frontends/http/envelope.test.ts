import { expect, test } from 'vitest';
import { EncodedStates, lineJson, prettyJson } from './envelope.ts';

test('prints JSON with 4 spaces, sorted keys and ASCII only, as PiKVM does', () => {
  expect(prettyJson({ b: [], a: { ä: 'ü😀\u007f' }, c: {} }).toString()).toBe(
    '{\n    "a": {\n        "\\u00e4": "\\u00fc\\ud83d\\ude00\\u007f"\n    },\n' +
      '    "b": [],\n    "c": {}\n}',
  );
});

test('prints what is frozen the same again, also long lists, and at another depth', () => {
  const names = Array.from({ length: 500 }, (_, index) => [`image-${index}`, { size: index }]);
  const list = Object.freeze(Object.fromEntries(names));
  const expected = (value: unknown) => JSON.stringify(value, null, 4);
  const sorted = Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)));
  for (let time = 0; time < 2; time += 1) {
    expect(prettyJson({ list, time }).toString()).toBe(expected({ list: sorted, time }));
    expect(prettyJson(list).toString()).toBe(expected(sorted));
  }
});

test('prints events on one line in their own order, which JSON parsers read back', () => {
  const event = { z: 1, a: [true, null, { x: 'é"' }], gone: undefined };
  expect(lineJson(event)).toBe('{"z": 1, "a": [true, null, {"x": "\\u00e9\\""}]}');
  expect(JSON.parse(lineJson(event))).toEqual({ z: 1, a: [true, null, { x: 'é"' }] });
});

test('encodes each state once, and a new one anew', () => {
  const states = new EncodedStates();
  const state = { value: 1 };
  const first = states.of(state, '', () => state);
  expect(states.of(state, '', () => state)).toBe(first);
  expect(states.of(state, 'other', () => ({}))).not.toBe(first);
  expect(states.of({ value: 1 }, '', () => state)).not.toBe(first);
});
