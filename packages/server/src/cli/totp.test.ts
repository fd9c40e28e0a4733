import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBase32, totpCode } from '../auth/totp.ts';
import { totpCommand } from './totp.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-totp-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const file = () => join(dir, 'totp.secret');

async function run(argv: readonly string[], stdin = '') {
  let out = '';
  let err = '';
  const code = await totpCommand(argv, {
    stdin: Readable.from([stdin]),
    stdout: { write: (part) => (out += part) },
    stderr: { write: (part) => (err += part) },
    totpFile: file(),
  });
  return { code, out, err };
}

describe('crashcart totp', () => {
  it('makes a private secret of 160 bits and shows it with its URI and QR code', async () => {
    const { code, out } = await run(['init', '-n', 'rack 1']);
    const secret = (await readFile(file(), 'utf8')).trim();
    expect(code).toBe(0);
    expect(decodeBase32(secret)).toHaveLength(20);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const uri = `otpauth://totp/crashcart:rack%201?secret=${secret}&issuer=crashcart`;
    expect(out).toContain(`Secret: ${secret}\nURI:    ${uri}\n`);
    expect((await run(['show', '-n', 'rack 1'])).out).toBe(out);
    const qr = (await run(['qr', '-n', 'rack 1'])).out;
    expect(qr).toMatch(/^[█▀▄ \n]+$/);
    expect(out.endsWith(qr)).toBe(true);
  });

  it('replaces a secret only when told so', async () => {
    await run(['init']);
    const before = await readFile(file(), 'utf8');
    expect(await run(['init'])).toMatchObject({ code: 1, out: '' });
    expect(await readFile(file(), 'utf8')).toBe(before);
    expect((await run(['init', '-f'])).code).toBe(0);
    expect(await readFile(file(), 'utf8')).not.toBe(before);
  });

  it('tells a right code from a wrong one', async () => {
    await run(['init']);
    const secret = decodeBase32(await readFile(file(), 'utf8')) ?? new Uint8Array();
    expect((await run(['test', '-i'], `${totpCode(secret, Date.now())}\n`)).code).toBe(0);
    expect((await run(['test', '-i'], 'abcdef\n')).code).toBe(1);
  });

  it('switches it off', async () => {
    await run(['init']);
    expect((await run(['del'])).code).toBe(0);
    expect(await run(['show'])).toMatchObject({ code: 1, out: '' });
    expect((await run(['del'])).code).toBe(0);
  });

  it('says that a secret is damaged', async () => {
    await writeFile(file(), 'not base 32!');
    expect((await run(['show'])).err).toContain('damaged');
  });

  it.each([[[]], [['frobnicate']], [['init', 'x']], [['init', '--what']]])(
    'refuses %j',
    async (argv) => {
      expect(await run(argv)).toMatchObject({ code: 2, out: '' });
    },
  );
});
