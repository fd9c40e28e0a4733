import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger, journalDestination, terminalDestination } from '../logger.ts';
import { LogFile, type LogFileOptions } from './log-file.ts';
import {
  FileLogReader,
  JournalLogReader,
  type LogReader,
  type LogReadOptions,
  parseJournalEntry,
} from './log-reader.ts';

let dir: string;
let files: LogFile[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-log-'));
});
afterEach(async () => {
  for (const file of files) await file.flush();
  files = [];
  await rm(dir, { recursive: true });
});

function openFile(options: Partial<LogFileOptions> = {}): LogFile {
  const file = new LogFile({ dir, ...options });
  files.push(file);
  return file;
}

async function messages(reader: LogReader, options: Partial<LogReadOptions> = {}) {
  const found: string[] = [];
  const signal = new AbortController().signal;
  for await (const line of reader.read({ seekS: 0, follow: false, signal, ...options })) {
    expect(line.unit).toBe('crashcart.service');
    found.push(line.message);
  }
  return found;
}

test('a message is level, text and fields; errors bring their stack, nothing brings controls', async () => {
  const file = openFile();
  const log = createLogger({ level: 'info', destinations: [file] });
  log.debug({}, 'too small');
  log.child({ machine: 'default' }).info({ user: 'an admin', port: 8443 }, 'session opened');
  log.warn({ time: 1, level: 'x' }, 'evil\u001b[2J\r\nsecond line');
  const error = new Error('no room', { cause: new Error('ENOSPC') });
  error.stack = 'Error: no room\n    at one\n    at two';
  log.error({ error }, 'failed');
  expect(await messages(new FileLogReader(file))).toEqual([
    'INFO: session opened (machine=default user="an admin" port=8443)',
    'WARN: evil\\x1b[2J\\x0d',
    'second line (level_=x time_=1)',
    'ERROR: failed (error="Error: no room: ENOSPC")',
    '    at one',
    '    at two',
  ]);
});

test('no secret reaches any destination, by name or within a text', async () => {
  const file = openFile();
  let terminal = '';
  const log = createLogger({
    level: 'debug',
    destinations: [file, terminalDestination({ write: (text) => (terminal += text) })],
  });
  log.child({ token: 'hunter2' }).info(
    {
      passwd: 'hunter2',
      headers: {
        Cookie: 'auth_token=hunter2',
        authorization: ['hunter2'],
        'X-KVMD-Passwd': 'hunter2',
      },
      url: 'https://admin:hunter2@host/api/auth/login?user=admin&passwd=hunter2&expire=0',
      error: new Error('refused Basic hunter2=='),
      list: [{ client_secret: 'hunter2' }],
    },
    'login with password: hunter2',
  );
  await file.flush();
  const written = await readFile(file.path, 'utf8');
  expect(written).toContain('user=admin&passwd=[hidden]&expire=0');
  expect(`${written}${terminal}`).not.toContain('hunter2');
  expect(terminal).toMatch(/^\d\d:\d\d:\d\d INFO: login with password: \[hidden\] \(/);
});

test('details that cannot be copied do not break the caller', async () => {
  const file = openFile();
  const log = createLogger({ level: 'info', destinations: [file] });
  const circle: Record<string, unknown> = { big: 1n, bytes: new Uint8Array(3) };
  circle.self = circle;
  log.info(circle, 'circle');
  log.info(
    {
      get bad() {
        throw new Error('no');
      },
    },
    'getter',
  );
  const found = await messages(new FileLogReader(file));
  expect(found[0]).toContain('INFO: circle (big=1 bytes="[3 bytes]" self=');
  expect(found[1]).toBe('INFO: getter (unloggable="Error: no")');
});

test('seek gives the lines since then; follow goes on at once, whatever the clock says', async () => {
  const file = openFile();
  const put = (time: number, msg: string) => file.write(JSON.stringify({ level: 30, time, msg }));
  const reader = new FileLogReader(file, 'crashcart.service', () => 100_000);
  put(50_000, 'old');
  await file.flush();
  put(95_000, 'recent');
  expect(await messages(reader, { seekS: 10 })).toEqual(['INFO: recent']);
  expect(await messages(reader, { seekS: 999_999_999 })).toHaveLength(2);
  const stop = new AbortController();
  const lines = reader.read({ seekS: 10, follow: true, signal: stop.signal });
  expect((await lines.next()).value).toEqual({
    atMs: 95_000,
    unit: 'crashcart.service',
    message: 'INFO: recent',
  });
  const next = lines.next();
  put(1000, 'after the clock was set back');
  expect((await next).value?.message).toBe('INFO: after the clock was set back');
  const end = lines.next();
  stop.abort();
  expect((await end).done).toBe(true);
});

test('warns once where the log cannot be written, and still shows it', async () => {
  await writeFile(join(dir, 'file'), '');
  const warnings: string[] = [];
  const file = openFile({ dir: join(dir, 'file'), warn: (text) => warnings.push(text) });
  const log = createLogger({ level: 'info', destinations: [file] });
  for (const text of ['one', 'two']) {
    log.info({}, text);
    await file.flush();
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('cannot be written');
  expect(await messages(new FileLogReader(file))).toEqual(['INFO: one', 'INFO: two']);
});

test('the journal gets its priorities', () => {
  let text = '';
  const destination = journalDestination({ write: (part) => (text += part) });
  const log = createLogger({ level: 'debug', destinations: [destination] });
  log.debug({}, 'd');
  log.warn({}, 'two\nlines');
  log.error({}, 'e');
  expect(text).toBe('<7>DEBUG: d\n<4>WARN: two\n<4>lines\n<3>ERROR: e\n');
});

async function fakeJournalctl(script: string): Promise<readonly [string, ...string[]]> {
  const path = join(dir, 'journalctl');
  await writeFile(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  return [path];
}

test('reads the journal of the unit, and asks for the wanted time', async () => {
  const entry = { __REALTIME_TIMESTAMP: '1700000000123456', _SYSTEMD_UNIT: 'crashcart.service' };
  const command = await fakeJournalctl(
    `echo "$@" > ${join(dir, 'args')}
cat <<'END'
${JSON.stringify({ ...entry, MESSAGE: 'one\ntwo' })}
not json
${JSON.stringify({ ...entry, MESSAGE: null })}
${JSON.stringify({ ...entry, MESSAGE: [0x1b, 0x41, 0xff] })}
END`,
  );
  const reader = new JournalLogReader('crashcart.service', command);
  expect(await messages(reader, { seekS: 60 })).toEqual(['one', 'two', '\\x1bA\ufffd']);
  const args = await readFile(join(dir, 'args'), 'utf8');
  expect(args).toMatch(/--output=json --boot --unit=crashcart\.service --since=@\d{10}\n$/);
});

test('follows the journal until the reader has had enough, then ends the program', async () => {
  const line = JSON.stringify({ __REALTIME_TIMESTAMP: '1700000000123456', MESSAGE: 'tick' });
  const pidFile = join(dir, 'pid');
  const command = await fakeJournalctl(`echo $$ > ${pidFile}\necho '${line}'\nexec sleep 1000\n`);
  const stop = new AbortController();
  const reader = new JournalLogReader('crashcart.service', command);
  const lines = reader
    .read({ seekS: 0, follow: true, signal: stop.signal })
    [Symbol.asyncIterator]();
  expect((await lines.next()).value?.message).toBe('tick');
  const end = lines.next();
  stop.abort();
  expect((await end).done).toBe(true);
  const pid = Number(await readFile(pidFile, 'utf8'));
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a journal that cannot be read is UnavailableError with the reason', async () => {
  const refused = await fakeJournalctl('echo "No permission" >&2; exit 1');
  await expect(messages(new JournalLogReader('crashcart.service', refused))).rejects.toMatchObject({
    name: 'UnavailableError',
    message: 'The journal cannot be read: No permission',
  });
  const missing = new JournalLogReader('crashcart.service', ['/nonexistent/journalctl']);
  await expect(messages(missing)).rejects.toMatchObject({ name: 'UnavailableError' });
});

test('no journal line throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      parseJournalEntry(text, 'crashcart.service');
    }),
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
