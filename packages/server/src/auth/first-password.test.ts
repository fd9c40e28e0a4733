import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readText } from '../platform/files.ts';
import {
  dropStaleFirstPassword,
  ensureFirstUser,
  firstPasswordPath,
  generatePassword,
} from './first-password.ts';
import { verifyHash } from './hashes/hash.ts';
import { newSsha512 } from './hashes/ssha.ts';
import { parseHtpasswd } from './services/htpasswd-file.ts';

let stateDir = '';
let printed: string[] = [];
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'crashcart-first-'));
  printed = [];
});
afterEach(async () => {
  await rm(stateDir, { recursive: true });
});

const htpasswdFile = () => join(stateDir, 'htpasswd');
const ensure = (envPassword: string | undefined, isTty: boolean) =>
  ensureFirstUser({
    htpasswdFile: htpasswdFile(),
    envPassword,
    isTty,
    stateDir,
    print: (line) => printed.push(line),
  });
const isAdmins = async (password: string) => {
  const { users } = parseHtpasswd((await readText(htpasswdFile())) ?? '');
  return verifyHash(password, users.get('admin')?.text ?? '');
};

describe('ensureFirstUser', () => {
  it('shows a generated password once on a terminal and writes it nowhere', async () => {
    await ensure(undefined, true);
    const password = /[a-z2-9]{4}(-[a-z2-9]{4}){3}/.exec(printed.join('\n'))?.[0] ?? '';
    expect(await isAdmins(password)).toBe(true);
    expect(await readText(firstPasswordPath(stateDir))).toBeUndefined();
    expect((await stat(htpasswdFile())).mode & 0o777).toBe(0o600);
    await ensure(undefined, true);
    expect(printed).toHaveLength(1);
    expect(await isAdmins(password)).toBe(true);
  });

  it('writes it to a private file where there is no terminal, and prints only the path', async () => {
    await ensure('', false);
    const path = firstPasswordPath(stateDir);
    const password = ((await readText(path)) ?? '').trim();
    expect(await isAdmins(password)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(printed.join('\n')).toContain(path);
    expect(printed.join('\n')).not.toContain(password);
  });

  it('takes the password of the environment and shows it to nobody', async () => {
    await ensure('correct horse', false);
    expect(await isAdmins('correct horse')).toBe(true);
    expect(await readText(firstPasswordPath(stateDir))).toBeUndefined();
    expect(printed.join('\n')).not.toContain('correct horse');
  });

  it('refuses a password of the environment that could never be typed', async () => {
    await expect(ensure('пароль', true)).rejects.toThrow('CRASHCART_PASSWORD');
    expect(await readText(htpasswdFile())).toBeUndefined();
  });

  it('does not touch a file that exists, even an empty one', async () => {
    await writeFile(htpasswdFile(), '');
    await ensure('other', true);
    expect(await readText(htpasswdFile())).toBe('');
    expect(printed).toEqual([]);
  });
});

describe('dropStaleFirstPassword', () => {
  it('keeps the file while it holds the password, and removes it after a change', async () => {
    await ensure(undefined, false);
    await dropStaleFirstPassword(htpasswdFile(), stateDir);
    expect(await readText(firstPasswordPath(stateDir))).toBeDefined();
    await writeFile(htpasswdFile(), `admin:${newSsha512('new')}\n`);
    await dropStaleFirstPassword(htpasswdFile(), stateDir);
    expect(await readText(firstPasswordPath(stateDir))).toBeUndefined();
  });
});

describe('generatePassword', () => {
  it('never gives the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, generatePassword)).size).toBe(1000);
  });
});
