import { chown, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyHash } from '../auth/hashes/hash.ts';
import { parseHtpasswd } from '../auth/services/htpasswd-file.ts';
import { htpasswdCommand } from './htpasswd.ts';
import type { CliInput } from './io.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-htpasswd-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const file = () => join(dir, 'htpasswd');
const text = () => readFile(file(), 'utf8');

/** What a person types comes in these chunks; `raw` records how the terminal was switched. */
function terminal(chunks: readonly string[], raw: boolean[] = []): CliInput {
  return Object.assign(Readable.from(chunks), {
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
  });
}

async function run(argv: readonly string[], stdin: CliInput = Readable.from([])) {
  let out = '';
  let err = '';
  const code = await htpasswdCommand(argv, {
    stdin,
    stdout: { write: (part) => (out += part) },
    stderr: { write: (part) => (err += part) },
    htpasswdFile: file(),
    stateDir: dir,
  });
  return { code, out, err };
}

const piped = (line: string) => Readable.from([`${line}\n`]);
const isRight = async (user: string, password: string) =>
  verifyHash(password, parseHtpasswd(await text()).users.get(user)?.text ?? '');

describe('crashcart htpasswd', () => {
  it('adds, lists, tests, changes and removes users, keeping all other lines', async () => {
    await writeFile(file(), '# ours\nold:plaintext\n');
    expect((await run(['add', 'zoe', '-i'], piped('one:two'))).code).toBe(0);
    expect((await run(['add', 'admin', '-i'], piped('x'))).code).toBe(0);
    expect((await text()).startsWith('# ours\nold:plaintext\nzoe:{SSHA512}')).toBe(true);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await run(['list'])).out).toBe('admin\nzoe\n');
    expect((await run(['test', 'zoe', '-i'], piped('one:two'))).code).toBe(0);
    expect((await run(['test', 'zoe', '-i'], piped('wrong'))).code).toBe(1);
    expect((await run(['set', 'zoe', '-i'], piped('new'))).code).toBe(0);
    expect(await isRight('zoe', 'new')).toBe(true);
    expect((await run(['del', 'zoe'])).code).toBe(0);
    expect((await run(['list'])).out).toBe('admin\n');
  });

  it('asks twice without echo on a terminal, with backspace', async () => {
    const raw: boolean[] = [];
    const { code, out, err } = await run(
      ['add', 'admin'],
      terminal(['pa', 'sx\x7fs\r', 'pass\r'], raw),
    );
    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(out + err).not.toContain('pass\r');
    expect(err).toBe('New password of admin: \nOnce more: \n');
    expect(await isRight('admin', 'pass')).toBe(true);
  });

  it.each([
    ['two different passwords', ['a\r', 'b\r']],
    ['an empty password', ['\r', '\r']],
    ['Ctrl-C', ['secret\x03']],
  ])('changes nothing after %s', async (_, chunks) => {
    const raw: boolean[] = [];
    const { code, err } = await run(['add', 'admin'], terminal(chunks, raw));
    expect(code).toBe(1);
    expect(err).toContain('nothing has changed');
    expect(raw.at(-1)).toBe(false);
    await expect(text()).rejects.toThrow('ENOENT');
  });

  it.each([
    [['set', 'admin'], 1, 'There is no user admin'],
    [['del', 'admin'], 1, 'There is no user admin'],
    [['add', 'admin'], 1, 'no terminal'],
    [['add', 'a:b', '-i'], 2, 'user name'],
    [['add', 'a\nb', '-i'], 2, 'user name'],
    [['add', 'admin', 'password'], 2, 'Usage'],
    [['add'], 2, 'Usage'],
    [['list', 'admin'], 2, 'Usage'],
    [['--frobnicate'], 2, 'Usage'],
    [[], 2, 'Usage'],
  ])('refuses %j with %d', async (argv, code, message) => {
    const result = await run(argv, piped('x'));
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
  });

  it('refuses to add a user twice, and a password that no client can send', async () => {
    await run(['add', 'admin', '-i'], piped('x'));
    expect((await run(['add', 'admin', '-i'], piped('y'))).err).toContain('already');
    expect((await run(['set', 'admin', '-i'], piped('пароль'))).err).toContain('printable ASCII');
    expect(await isRight('admin', 'x')).toBe(true);
  });

  it('removes the first password when it changes', async () => {
    await run(['add', 'admin', '-i'], piped('first'));
    await writeFile(join(dir, 'first-password'), 'first\n');
    await run(['set', 'admin', '-i'], piped('second'));
    await expect(stat(join(dir, 'first-password'))).rejects.toThrow('ENOENT');
  });

  it('goes through a link', async () => {
    await writeFile(join(dir, 'real'), '');
    await symlink('real', file());
    await run(['add', 'admin', '-i'], piped('x'));
    expect(await readFile(join(dir, 'real'), 'utf8')).toContain('admin:');
  });

  it.runIf(process.geteuid?.() === 0)('keeps the owner of the file', async () => {
    await writeFile(file(), '');
    await chown(file(), 65534, 65534);
    await run(['add', 'admin', '-i'], piped('x'));
    expect(await stat(file())).toMatchObject({ uid: 65534, gid: 65534 });
  });
});
