import type { SessionState } from '@crashcart/api';
import { expect, it } from 'vitest';
import { agentText, expiryText, spanText, useText } from './sessions.ts';

const SESSION: SessionState = {
  ...{ id: '0123456789abcdef', user: 'admin', address: '192.0.2.1', used_address: '192.0.2.1' },
  ...{ agent: '', started_ts: 1_000, used_ts: 1_000, expires_in: null, own: false },
  ...{ sockets: 0, streams: 0 },
};

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0';

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`, 'Chrome on Windows'],
  [`Mozilla/5.0 (Windows NT 10.0) ${CHROME} Safari/537.36 Edg/140.0`, 'Edge on Windows'],
  [`Mozilla/5.0 (Linux; Android 15; Pixel 9) ${CHROME} Mobile Safari/537.36`, 'Chrome on Android'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like ' +
      'Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  ['curl/8.5.0', 'curl 8.5.0'],
  ['my script', 'my script'],
  ['', 'Unknown program'],
  ['x'.repeat(200), 'x'.repeat(40)],
])('says what %s is', (agent, text) => {
  expect(agentText(agent)).toBe(text);
});

it('says when a session was used and how long it lasts', () => {
  expect(useText(SESSION, 1_030)).toBe('Used just now');
  expect(useText(SESSION, 1_000 + 7_300)).toBe('Used 2 h ago');
  expect(useText({ ...SESSION, sockets: 1 }, 9_999)).toBe('Connected now');
  expect(useText({ ...SESSION, sockets: 2, streams: 1 }, 0)).toBe('Connected now (3 connections)');
  expect(expiryText(SESSION)).toBe('does not end by itself');
  expect(expiryText({ ...SESSION, expires_in: 3_599 })).toBe('ends in 59 min');
  expect([spanText(3), spanText(90_000), spanText(700_000)]).toEqual([
    ...['less than a minute', '1 day', '8 days'],
  ]);
});
