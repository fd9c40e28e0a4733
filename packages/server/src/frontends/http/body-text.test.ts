import { expect, test } from 'vitest';
import { bodyText } from './body-text.ts';

const utf8 = Buffer.from('é');

test('is UTF-8 unless the content type says otherwise', () => {
  expect(bodyText(undefined, utf8)).toBe('é');
  expect(bodyText('text/plain', utf8)).toBe('é');
  expect(bodyText('text/plain; charset=UTF-8', utf8)).toBe('é');
  expect(bodyText('text/plain; charset="latin-1"', Buffer.from([0xe9]))).toBe('é');
  expect(bodyText('text/plain;charset=windows-1251', Buffer.from([0xef]))).toBe('п');
});

test('drops the mark that some editors put first', () => {
  expect(bodyText(undefined, Buffer.from('\ufeffa'))).toBe('a');
});

test('says what is wrong with bytes that are no text', () => {
  expect(() => bodyText(undefined, Buffer.from([0xff, 0xfe]))).toThrow(
    'The body is not valid text in utf-8',
  );
  expect(() => bodyText('text/plain; charset=nope', utf8)).toThrow(
    "The charset 'nope' of the body is not known",
  );
});
