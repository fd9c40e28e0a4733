import { closeSync, fstatSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writesToJournal } from './journal-stream.ts';

test('only the very stream that systemd made counts, not one inherited by name', () => {
  const fd = openSync('/dev/null', 'w');
  const { dev, ino } = fstatSync(fd);
  expect(writesToJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe(true);
  expect(writesToJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, fd)).toBe(false);
  expect(writesToJournal({}, fd)).toBe(false);
  expect(writesToJournal({ JOURNAL_STREAM: 'junk' }, fd)).toBe(false);
  closeSync(fd);
  expect(writesToJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe(false);
});
