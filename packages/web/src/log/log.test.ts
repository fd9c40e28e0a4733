import { expect, it } from 'vitest';
import { LOG_LINES, LogLines, markedParts, matching, searchWords } from './log.ts';

const line = (text: string, time = '12:00:01') =>
  `[2026-11-23 ${time} crashcart.service] --- ${text}\r\n`;

it('joins lines that come in pieces', () => {
  const log = new LogLines();
  const whole = line('INFO: Listening (port=8443)') + line('WARN: careful');
  for (const character of whole) log.add(character);
  expect(log.lines).toMatchObject([
    { day: '2026-11-23', time: '12:00:01', level: 'info', text: 'Listening (port=8443)' },
    { level: 'warn', text: 'careful' },
  ]);
});

it('gives the lines of a stack the level of their error, and takes lines of any form', () => {
  const log = new LogLines();
  log.add(line('ERROR: broke') + line('    at somewhere (file.js:1:2)') + line('INFO: goes on'));
  log.add('of no form\n');
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'error', 'info', 'info']);
  expect(log.lines.at(-1)).toMatchObject({ day: '', time: '', text: 'of no form' });
});

it('keeps the last ten thousand', () => {
  const log = new LogLines();
  const count = 3 * LOG_LINES + 5;
  for (let n = 1; n <= count; n += 1) log.add(line(`INFO: line ${n}`));
  expect(log.lines.length).toBe(LOG_LINES);
  expect(log.lines[0]?.text).toBe(`line ${count - LOG_LINES + 1}`);
  expect(new Set(log.lines.map(({ id }) => id)).size).toBe(LOG_LINES);
});

it('finds lines that hold all words in any case and are grave enough', () => {
  const log = new LogLines();
  log.add(line('INFO: Power button pressed') + line('WARN: power is ON') + line('ERROR: reset'));
  const found = (search: string, least: 'debug' | 'warn' | 'error') =>
    matching(log.lines, searchWords(search), least).map(({ text }) => text);
  expect(found('POWER on', 'debug')).toEqual(['Power button pressed', 'power is ON']);
  expect(found(' ', 'warn')).toEqual(['power is ON', 'reset']);
  expect(found('power', 'error')).toEqual([]);
  expect(found('12:00', 'error')).toEqual(['reset']);
});

it('marks what was found, also signs that mean something to a pattern', () => {
  expect(markedParts('Power (on) POWER', ['power', '(on)'])).toEqual([
    ...['', 'Power', ' ', '(on)', ' ', 'POWER', ''],
  ]);
  expect(markedParts('all', [])).toEqual(['all']);
});
