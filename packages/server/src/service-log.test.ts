import { fstatSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FileLogReader, JournalLogReader } from './info/log-reader.ts';
import { openServiceLog } from './service-log.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-service-log-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

test('off systemd, lines go to standard error and to the file that is read back', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const service = openServiceLog({ level: 'info', dir: join(dir, 'log'), env: {} });
  service.log.info({ port: 8443 }, 'listening');
  service.flushSync();
  expect(stderr.mock.calls.join('')).toMatch(/^\d\d:\d\d:\d\d INFO: listening \(port=8443\)\n$/);
  expect(service.reader).toBeInstanceOf(FileLogReader);
  const text = await readFile(join(dir, 'log/crashcart.log'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ level: 30, msg: 'listening', port: 8443 });
  await service.close();
  expect(await readFile(join(dir, 'log/crashcart.log'), 'utf8')).toBe(text);
});

test('under systemd, lines go to its journal and are read from there', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { dev, ino } = fstatSync(2);
  const env = { INVOCATION_ID: 'x', JOURNAL_STREAM: `${dev}:${ino}` };
  const service = openServiceLog({ level: 'info', dir: join(dir, 'log'), env });
  service.log.warn({}, 'careful');
  expect(stderr.mock.calls.join('')).toBe('<4>WARN: careful\n');
  service.log.error({ err: new TypeError('no such key') }, 'failed');
  expect(stderr.mock.calls.join('')).toContain('<3>ERROR: failed (err="TypeError: no such key")\n');
  expect(service.reader).toBeInstanceOf(JournalLogReader);
});
