import { parseArgs } from 'node:util';
import { passwd } from '@crashcart/api';
import { dropStaleFirstPassword } from '../auth/first-password.ts';
import { verifyHash } from '../auth/hashes/hash.ts';
import { newSsha512 } from '../auth/hashes/ssha.ts';
import {
  hasUserLine,
  parseHtpasswd,
  validUserName,
  withoutUser,
  withUser,
} from '../auth/services/htpasswd-file.ts';
import { readText } from '../platform/files.ts';
import { replaceText } from '../platform/replace-text.ts';
import { CliError, type CliIo, runCommand, UsageError } from './io.ts';
import { readPassword } from './read-password.ts';

const USAGE = `Usage: crashcart htpasswd set|add|del|test USER [-i]
       crashcart htpasswd list

  set   change the password of a user        add   make a user
  del   remove a user                        test  say whether a password is right
  list  print the users

  -i    read the password from standard input (its first line) instead of asking`;

/** What the command works on. */
export interface HtpasswdIo extends CliIo {
  readonly htpasswdFile: string;
  /** Where a first password may lie that a change makes stale. */
  readonly stateDir?: string;
}

/** `crashcart htpasswd …`; a running server sees the change within seconds. Resolves to 0, 1 or 2. */
export function htpasswdCommand(argv: readonly string[], io: HtpasswdIo): Promise<number> {
  return runCommand(io, async () => {
    const { verb, user, fromStdin } = parse(argv);
    const text = (await readText(io.htpasswdFile)) ?? '';
    if (verb === 'list') {
      for (const name of [...parseHtpasswd(text).users.keys()].sort()) io.stdout.write(`${name}\n`);
      return 0;
    }
    const exists = hasUserLine(text, user);
    if (verb === 'add' && exists) {
      throw new CliError(`There is a user ${user} already; use "set" to change the password`);
    }
    if (verb !== 'add' && !exists) throw new CliError(`There is no user ${user}`);
    if (verb === 'test') return await test(io, text, user, fromStdin);
    if (verb === 'del') await replaceText(io.htpasswdFile, withoutUser(text, user));
    else {
      const hash = newSsha512(await askNew(io, user, fromStdin));
      // Read again: the person may have taken minutes to type.
      const latest = (await readText(io.htpasswdFile)) ?? '';
      await replaceText(io.htpasswdFile, withUser(latest, user, hash));
    }
    if (io.stateDir !== undefined) await dropStaleFirstPassword(io.htpasswdFile, io.stateDir);
    if (verb !== 'add') io.stderr.write(`All sessions of ${user} end within a few seconds\n`);
    return 0;
  });
}

function parse(argv: readonly string[]) {
  const options = { i: { type: 'boolean', short: 'i' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
  const [verb = '', user = '', ...rest] = parsed.positionals;
  const wanted = ['set', 'add', 'del', 'test', 'list'].includes(verb) && rest.length === 0;
  if (!wanted || (verb === 'list') !== (user === '')) throw new UsageError(USAGE);
  if (verb !== 'list' && validUserName(user) === undefined) {
    throw new UsageError('A user name has only a-z 0-9 _ - . @ and begins with a letter or _');
  }
  return { verb, user, fromStdin: parsed.values.i === true };
}

async function askNew(io: HtpasswdIo, user: string, fromStdin: boolean): Promise<string> {
  const prompts = [`New password of ${user}`, 'Once more'];
  const [first = '', second = first] = await readPassword(io, prompts, fromStdin);
  if (first !== second) throw new CliError('The two are not the same; nothing has changed');
  if (first === '') throw new CliError('An empty password is not allowed; nothing has changed');
  return checked(first);
}

function checked(password: string): string {
  try {
    return passwd(password);
  } catch (cause) {
    throw new CliError('A password is printable ASCII of at most 512 characters', { cause });
  }
}

async function test(
  io: HtpasswdIo,
  text: string,
  user: string,
  fromStdin: boolean,
): Promise<number> {
  const hash = parseHtpasswd(text).users.get(user);
  if (!hash) throw new CliError(`The hash of ${user} cannot be used; set the password anew`);
  const [password = ''] = await readPassword(io, [`Password of ${user}`], fromStdin);
  const right = verifyHash(password, hash.text);
  io.stdout.write(right ? 'The password is right\n' : 'The password is wrong\n');
  return right ? 0 : 1;
}
