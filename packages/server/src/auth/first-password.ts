import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { passwd, ValidatorError } from '@crashcart/api';
import { readText, writeFileAtomic } from '../platform/files.ts';
import { removeFile } from '../platform/replace-text.ts';
import { verifyHash } from './hashes/hash.ts';
import { newSsha512 } from './hashes/ssha.ts';
import { parseHtpasswd, withUser } from './services/htpasswd-file.ts';

/** The user that the first run makes. */
export const FIRST_USER = 'admin';

// 32 characters that nobody confuses: no l, o, 0, 1. 16 of them are 80 bits.
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** Where the first password lies when there was no terminal to show it on. */
export function firstPasswordPath(stateDir: string): string {
  return join(stateDir, 'first-password');
}

/** A random password of 80 bits such as `k7mv-2hqe-xw9b-tr5d`. */
export function generatePassword(): string {
  const group = () =>
    Array.from({ length: GROUP_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(
      '',
    );
  return Array.from({ length: GROUPS }, group).join('-');
}

function checkedPassword(text: string): string {
  try {
    return passwd(text);
  } catch (error) {
    if (!(error instanceof ValidatorError)) throw error;
    throw new Error('CRASHCART_PASSWORD must be printable ASCII of at most 512 characters', {
      cause: error,
    });
  }
}

/** What the first run needs; directories must exist. */
export interface FirstUserOptions {
  readonly htpasswdFile: string;
  /** $CRASHCART_PASSWORD; undefined or empty = generate one. */
  readonly envPassword: string | undefined;
  /** Whether `print` reaches a person's terminal. */
  readonly isTty: boolean;
  readonly stateDir: string;
  /** Shows one line to the operator; never a log. */
  readonly print: (line: string) => void;
}

/**
 * Makes the user `admin` where there is no htpasswd file yet. A generated password is shown once on
 * the terminal, or else written to STATE/first-password (0600) and only its path is shown.
 */
export async function ensureFirstUser(options: FirstUserOptions): Promise<void> {
  const { htpasswdFile, envPassword, stateDir, print } = options;
  if ((await readText(htpasswdFile)) !== undefined) {
    return await dropStaleFirstPassword(htpasswdFile, stateDir);
  }
  const password = envPassword ? checkedPassword(envPassword) : generatePassword();
  const path = firstPasswordPath(stateDir);
  if (envPassword) {
    await removeFile(path);
    print(`Created the user ${FIRST_USER} with the password of CRASHCART_PASSWORD`);
  } else if (options.isTty) {
    await removeFile(path);
    print(`Created the user ${FIRST_USER} with the password ${password} (shown only this once)`);
  } else {
    // Before the user exists: a crash in between must not leave a password that nobody knows.
    await writeFileAtomic(path, `${password}\n`, { mode: 0o600 });
    print(`Created the user ${FIRST_USER}; the password is in ${path}`);
  }
  await writeFileAtomic(htpasswdFile, withUser('', FIRST_USER, newSsha512(password)), {
    mode: 0o600,
  });
}

/** Removes STATE/first-password once it is no longer admin's password. */
export async function dropStaleFirstPassword(
  htpasswdFile: string,
  stateDir: string,
): Promise<void> {
  const path = firstPasswordPath(stateDir);
  const password = (await readText(path))?.trimEnd();
  if (password === undefined) return;
  const { users } = parseHtpasswd((await readText(htpasswdFile)) ?? '');
  const hash = users.get(FIRST_USER);
  if (!hash || !verifyHash(password, hash.text)) await removeFile(path);
}
