import { expect, test } from 'vitest';
import { EncodedStates, lineJson, prettyJson } from './envelope.ts';

test('prints JSON with 4 spaces, sorted keys and ASCII only, as PiKVM does', () => {
  expect(prettyJson({ b: [], a: { ä: 'ü😀\u007f' }, c: {} })).toBe(
    '{\n    "a": {\n        "\\u00e4": "\\u00fc\\ud83d\\ude00\\u007f"\n    },\n' +
      '    "b": [],\n    "c": {}\n}',
  );
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
