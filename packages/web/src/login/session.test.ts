import { expect, it } from 'vitest';
import { RefusedError, UnreachableError } from '../api.ts';
import { loginFailure } from './session.ts';

it('says why a login failed and what to do', () => {
  const refused = (status: number, retryAfterS?: number) =>
    loginFailure(new RefusedError(status, 'ForbiddenError', 'Forbidden', retryAfterS));
  expect(refused(403)).toBe('Wrong name, password or code. Check them and try again.');
  expect(refused(403, 8)).toBe('Too many wrong tries. Wait 8 s and try again.');
  expect(refused(400)).toMatch(/characters/);
  expect(loginFailure(new UnreachableError())).toMatch(/No connection/);
});
