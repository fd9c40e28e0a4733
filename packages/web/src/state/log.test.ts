import { expect, it } from 'vitest';
import { LOG_LINES, LogLines, matching } from './log.ts';

it('joins lines that come in pieces', () => {
  const log = new LogLines();
  log.add('one\r\ntw');
  expect(log.lines).toEqual(['one']);
  log.add('o\r\n');
  expect(log.lines).toEqual(['one', 'two']);
});

it('keeps the last thousand', () => {
  const log = new LogLines();
  for (let n = 1; n <= LOG_LINES + 5; n += 1) log.add(`line ${n}\r\n`);
  expect(log.lines.length).toBe(LOG_LINES);
  expect(log.lines[0]).toBe('line 6');
});

it('finds lines that hold all words in any case', () => {
  const lines = ['Power button pressed', 'power is on', 'reset'];
  expect(matching(lines, 'POWER on')).toEqual(['Power button pressed', 'power is on']);
  expect(matching(lines, ' ')).toEqual(lines);
});
