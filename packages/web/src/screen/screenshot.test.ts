import { expect, it } from 'vitest';
import { RefusedError, UnreachableError } from '../api.ts';
import { screenshotFailure, screenshotName } from './screenshot.ts';

it('names files by host and time, without what a file name cannot have', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  expect(screenshotName('lab/1: büro', at)).toBe('lab-1-büro_2026-01-02_03-04-05.jpg');
});

it('says why there is none, and what to do', () => {
  expect(screenshotFailure(new RefusedError(503, 'UnavailableError', ''))).toMatch(/no picture/);
  expect(screenshotFailure(new DOMException('no', 'NotAllowedError'))).toMatch(/did not allow/);
  expect(screenshotFailure(new UnreachableError('gone'))).toMatch(/try again/);
});
