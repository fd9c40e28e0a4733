import { userName, ValidatorError } from '@crashcart/api';
import { type HashProblem, type PasswordHash, parseHash } from '../hashes/hash.ts';

/** A line that is not used; the text says why and never holds the hash. */
export interface LineProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
}

/** What an htpasswd file says: `user:hash` lines, blank lines and `#` comments. */
export interface HtpasswdContent {
  readonly users: ReadonlyMap<string, PasswordHash>;
  readonly problems: readonly LineProblem[];
}

const PROBLEMS: Readonly<Record<HashProblem, string>> = {
  'unknown-scheme':
    'plain text or a hash of an unknown scheme; set the password anew with `crashcart htpasswd set`',
  malformed: 'a damaged hash; set the password anew with `crashcart htpasswd set`',
  'too-expensive': 'a hash that takes too long to verify; set the password anew',
};

/** The name if it is a valid one as it stands. */
export function validUserName(name: string): string | undefined {
  try {
    return userName(name) === name ? name : undefined;
  } catch (error) {
    if (error instanceof ValidatorError) return undefined;
    throw error;
  }
}

/** The user name before the first colon; undefined for comments, blank and broken lines. */
function nameOf(line: string): string | undefined {
  const colon = line.indexOf(':');
  return line.startsWith('#') || colon < 0 ? undefined : line.slice(0, colon);
}

/** Reads the text of a file; a bad line never keeps the others from being used. */
export function parseHtpasswd(text: string): HtpasswdContent {
  const users = new Map<string, PasswordHash>();
  const problems: LineProblem[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line.trim() === '' || line.startsWith('#')) continue;
    const report = (problem: string) => problems.push({ line: index + 1, problem });
    const name = validUserName(nameOf(line) ?? '');
    if (name === undefined) {
      report('no `user:hash`, or a user name with other than a-z 0-9 _ - . @');
      continue;
    }
    if (users.has(name)) {
      report('a second line of the same user; the first one counts');
      continue;
    }
    const parsed = parseHash(line.slice(name.length + 1));
    if (typeof parsed === 'string') report(PROBLEMS[parsed]);
    else users.set(name, parsed);
  }
  return { users, problems };
}

/** Whether the file has a line of this user, usable or not. */
export function hasUserLine(text: string, user: string): boolean {
  return text.split('\n').some((line) => nameOf(line) === user);
}

/** The text with the user's hash replaced or added; all other lines stay as they are. */
export function withUser(text: string, user: string, hash: string): string {
  const entry = `${user}:${hash}`;
  let replaced = false;
  const lines = text.split('\n').flatMap((line) => {
    if (nameOf(line) !== user) return [line];
    if (replaced) return [];
    replaced = true;
    return [entry];
  });
  if (replaced) return lines.join('\n');
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${entry}\n`;
}

/** The text without the lines of the user. */
export function withoutUser(text: string, user: string): string {
  return text
    .split('\n')
    .filter((line) => nameOf(line) !== user)
    .join('\n');
}
