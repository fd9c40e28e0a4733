import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkHueAnswer, HueError, hueCommand, hueLights, hueStatePath } from './hue.ts';

it('reads which lights are on', () => {
  const text = '{"1": {"state": {"on": true}}, "lamp": {"state": {"on": false}}, "x": {}, "y": 1}';
  expect([...hueLights(text)]).toEqual([
    ['1', true],
    ['lamp', false],
  ]);
});

it('tells what the bridge refused, which it does with 200', () => {
  const refusal = '[{"error": {"type": 1, "description": "unauthorized user"}}]';
  for (const read of [hueLights, checkHueAnswer]) {
    expect(() => read(refusal)).toThrow('The bridge refused: unauthorized user');
    expect(() => read('<html>')).toThrow(HueError);
  }
  expect(() => checkHueAnswer('[{"success": {"/lights/1/state/on": true}}]')).not.toThrow();
  expect(() => hueLights('[]')).toThrow(HueError);
});

it('names a light in a path and nothing else', () => {
  expect(hueStatePath('t', '../x')).toBe('/api/t/lights/..%2Fx/state');
  expect(hueCommand(true)).toBe('{"on":true}');
});

it('takes any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        hueLights(text);
      } catch (error) {
        expect(error).toBeInstanceOf(HueError);
      }
    }),
  );
});
