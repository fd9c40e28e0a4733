import { ApiError, KvmError } from '@crashcart/api';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import { errorReply } from '../../frontends/http/errors.ts';
import { reasonIn, remoteError } from './remote-error.ts';
import { RemoteHid } from './remote-hid.ts';
import type { RemoteLink } from './remote-link.ts';
import { RemoteStates } from './remote-states.ts';

const replyTo = (error: unknown) => {
  const { status, body } = errorReply(remoteError(error), silentLog);
  const { result } = JSON.parse(Buffer.from(body as Uint8Array).toString());
  return [status, result.error, result.error_msg];
};

describe('an error of the remote', () => {
  it.each([
    ['an error that we know', 'MsdIsBusyError', 409, 'Later'],
    ['one that only the remote knows', 'SwitchNotThereError', 400, 'No Switch'],
    ['one that has another status there', 'AtxIsBusyError', 418, 'Teapot'],
  ])('passes: %s', (_what, name, status, message) => {
    expect(replyTo(new ApiError(name, status, message))).toEqual([status, name, message]);
  });

  it.each([
    ['our user is wrong', new ApiError('ForbiddenError', 403, 'Forbidden'), /refuses our user/],
    ['our user is missing', new ApiError('UnauthorizedError', 401, 'x'), /refuses our user/],
    ['there is no such call', new ApiError('HttpError', 404, '404: Not Found\n'), /404: Not Found/],
    ['its proxy is alone', new ApiError('HttpError', 502, '<html>\nBad'), /502 <html>$/],
    ['it answers something else', new ApiError('ContractError', 200, 'odd'), /cannot do that/],
    [
      'it answers nothing',
      new TypeError('fetch failed', { cause: new Error('ECONNRESET') }),
      /fetch/,
    ],
  ])('means that the machine cannot be had: %s', (_what, error, message) => {
    const made = replyTo(error);
    expect(made.slice(0, 2)).toEqual([503, 'UnavailableError']);
    expect(made[2]).toMatch(message);
  });

  it('tells the innermost reason that has words', () => {
    expect(reasonIn(new AggregateError([new Error('first'), new Error('second')]))).toBe('first');
    expect(reasonIn(new Error('', { cause: new Error('deep') }))).toBe('deep');
    expect(reasonIn('text')).toBe('text');
  });
});

it('what a layout can type is known of a PiKVM that does not tell it', async () => {
  const answers = [new ApiError('HttpError', 404, '404: Not Found'), new ApiError('X', 500, 'no')];
  const link = {
    status: new StateCell({ online: true }),
    use: () => Promise.reject(remoteError(answers.shift())),
  } as unknown as RemoteLink;
  const hid = new RemoteHid(link, new RemoteStates(silentLog), []);
  expect((await hid.keymapCharacters('de')).characters).toContain('ß');
  await expect(hid.keymapCharacters('de')).rejects.not.toBeInstanceOf(KvmError);
  hid.close();
});
