import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anelCommand, anelOutlets } from './anel.ts';

const config = (...states: string[]) =>
  `NET-PWRCTRL;${states.map((state) => `${state};a;b;c;d`).join(';')};end`;

it('reads the outlets that there are', () => {
  expect(anelOutlets(config('1', '0', '1'))).toEqual([true, false, true]);
  expect(anelOutlets(config(...'11111111', '1'))).toHaveLength(8);
  expect(anelOutlets('<html>Login</html>')).toBeUndefined();
  expect(anelOutlets('')).toBeUndefined();
});

it('switches one', () => {
  expect([anelCommand(0, true), anelCommand(7, false)]).toEqual(['F0=1', 'F7=0']);
});

it('takes any text', () => {
  const text = fc.array(fc.constantFrom(';', '1', '0', 'x')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.string(), text), (each) => {
      expect(anelOutlets(each)?.length ?? 0).toBeLessThanOrEqual(8);
    }),
  );
});
