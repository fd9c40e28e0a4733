import { expect, test } from 'vitest';
import { z } from 'zod';
import { json, operation, optional, parseParams, required, withDefault } from './contract.ts';
import { ValidatorError } from './errors.ts';
import { OPERATIONS } from './operations/index.ts';
import { int } from './validators.ts';

const number = (name: string) => int({ name });
const raw = (fields: Record<string, string>) => (name: string) => fields[name];

test('checks parameters in their declared order', () => {
  const params = {
    b: required(number('B'), z.int(), ''),
    a: required(number('A'), z.int(), ''),
  };
  expect(() => parseParams(params, raw({ a: 'x', b: 'y' }))).toThrow('valid B');
});

test('missing ones are refused, undefined or their fallback; present ones always validated', () => {
  const params = {
    must: required(number('must'), z.int(), ''),
    may: optional(number('may'), z.int(), ''),
    has: withDefault(number('has'), 7, z.int(), ''),
  };
  expect(parseParams(params, raw({ must: '1' }))).toEqual({ must: 1, may: undefined, has: 7 });
  expect(() => parseParams(params, raw({}))).toThrow('None argument is not a valid must');
  expect(() => parseParams(params, raw({ must: '1', may: '' }))).toThrow(ValidatorError);
  expect(() => parseParams(params, raw({ must: '1', has: 'x' }))).toThrow(ValidatorError);
});

test('a parameter that goes with another is not looked at without it', () => {
  const params = { with: optional(number('with'), z.int(), '', { onlyWith: 'other' }) };
  expect(parseParams(params, raw({ with: 'junk' }))).toEqual({ with: undefined });
  expect(() => parseParams(params, raw({ with: 'junk', other: '1' }))).toThrow(ValidatorError);
});

test('an operation has no parameters, body and errors unless said', () => {
  const made = operation({
    method: 'GET',
    path: '/x',
    summary: '',
    permission: 'view',
    answer: json(z.object({})),
  });
  expect(made).toMatchObject({ params: {}, body: 'none', errors: [] });
});

test('no two operations share a route, and only the login is public', () => {
  const all = Object.entries(OPERATIONS);
  const routes = all.map(([, { method, path }]) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(routes.length);
  const open = all.filter(([, { permission }]) => permission === 'public').map(([name]) => name);
  expect(open).toEqual(['authLogin']);
});
