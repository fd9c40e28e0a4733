import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { renderUnicodeCompact } from 'uqr';
import { decodeBase32, encodeBase32, isTotpCode } from '../auth/totp.ts';
import { readText } from '../platform/files.ts';
import { removeFile, replaceText } from '../platform/replace-text.ts';
import { CliError, type CliIo, runCommand, UsageError } from './io.ts';
import { readPassword } from './read-password.ts';

const USAGE = `Usage: crashcart totp init [-f] [-n NAME] | show [-n NAME] | qr [-n NAME] | del | test [-i]

  init  make the secret of the second factor and switch it on (-f: also over an old one)
  show  print the secret, its otpauth URI and a QR code
  qr    print only the QR code
  del   switch the second factor off
  test  say whether a code is right (-i: read it from standard input)

  -n    how the authenticator app names this machine (its host name)`;

const ISSUER = 'crashcart';
const SECRET_BYTES = 20;

/** What the command works on. */
export interface TotpIo extends CliIo {
  readonly totpFile: string;
}

/** `crashcart totp …`; a running server sees the change at the next login. Resolves to 0, 1 or 2. */
export function totpCommand(argv: readonly string[], io: TotpIo): Promise<number> {
  return runCommand(io, async () => {
    const { verb, force, name, fromStdin } = parse(argv);
    const present = ((await readText(io.totpFile)) ?? '').trim();
    switch (verb) {
      case 'init':
        if (present !== '' && !force) {
          throw new CliError('There is a secret already; -f replaces it');
        }
        return await init(io, name);
      case 'show':
        show(io, secretOf(present), name);
        return 0;
      case 'qr':
        io.stdout.write(`${qrOf(secretOf(present), name)}\n`);
        return 0;
      case 'del':
        await removeFile(io.totpFile);
        io.stderr.write('The second factor is off\n');
        return 0;
      default:
        return await test(io, secretOf(present), fromStdin);
    }
  });
}

function parse(argv: readonly string[]) {
  const options = {
    force: { type: 'boolean', short: 'f' },
    name: { type: 'string', short: 'n' },
    i: { type: 'boolean', short: 'i' },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
  const [verb = '', ...rest] = parsed.positionals;
  if (!['init', 'show', 'qr', 'del', 'test'].includes(verb) || rest.length > 0) {
    throw new UsageError(USAGE);
  }
  const { force = false, name = hostname(), i: fromStdin = false } = parsed.values;
  return { verb, force, name, fromStdin };
}

function secretOf(present: string): string {
  if (present === '') throw new CliError('The second factor is off; `totp init` switches it on');
  if (!decodeBase32(present)) throw new CliError('The secret is damaged; `totp init -f` makes one');
  return present;
}

async function init(io: TotpIo, name: string): Promise<number> {
  const secret = encodeBase32(randomBytes(SECRET_BYTES));
  await replaceText(io.totpFile, `${secret}\n`);
  show(io, secret, name);
  io.stderr.write('From now on each password is followed by the 6 digits of the app\n');
  return 0;
}

// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
function uriOf(secret: string, name: string): string {
  const label = `${encodeURIComponent(ISSUER)}:${encodeURIComponent(name)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(ISSUER)}`;
}

function qrOf(secret: string, name: string): string {
  return renderUnicodeCompact(uriOf(secret, name));
}

function show(io: TotpIo, secret: string, name: string): void {
  io.stdout.write(`Secret: ${secret}\nURI:    ${uriOf(secret, name)}\n\n${qrOf(secret, name)}\n`);
}

async function test(io: TotpIo, secret: string, fromStdin: boolean): Promise<number> {
  const [code = ''] = await readPassword(io, ['Code'], fromStdin);
  const right = isTotpCode(decodeBase32(secret) ?? new Uint8Array(), code.trim(), Date.now());
  io.stdout.write(right ? 'The code is right\n' : 'The code is wrong\n');
  return right ? 0 : 1;
}
