import { expect, it } from 'vitest';
import { adviceOn } from './advice.ts';

const ADVICE = { ENOENT: 'plug it in' };
const missing = Object.assign(new Error('open'), { code: 'ENOENT' });

it('knows an error by its code, also behind another one', () => {
  expect(adviceOn(missing, ADVICE)).toBe(': plug it in');
  expect(adviceOn(new Error('lines', { cause: missing }), ADVICE)).toBe(': plug it in');
});

it('says nothing about others', () => {
  const busy = Object.assign(new Error('open'), { code: 'EBUSY' });
  expect([busy, new Error('no code'), 'no error'].map((error) => adviceOn(error, ADVICE))).toEqual([
    ...['', '', ''],
  ]);
});
