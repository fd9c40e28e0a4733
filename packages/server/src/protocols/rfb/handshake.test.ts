import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feed, manyRuns } from '../../../test/support/rfb-decoding.ts';
import { readHandshake, type ServerInit } from './handshake.ts';
import { RfbError } from './limits.ts';
import type { RfbSecurity } from './security.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const version = (minor: number) => Buffer.from(`RFB 003.00${minor}\n`);
const INIT = Buffer.concat([
  hex('0004 0003 20180001 00ff00ff00ff 100800 000000 00000004'),
  Buffer.from('lab1'),
]);
const OK = hex('00000000');
const CHALLENGE = Buffer.from('0123456789abcdef');
const OPEN: RfbSecurity = { tls: 'off', user: '', password: undefined };
const WITH_PASSWORD: RfbSecurity = { ...OPEN, password: 'secret' };
const WITH_TLS: RfbSecurity = { ...WITH_PASSWORD, tls: 'anonymous' };

/** VNC's answer by OpenSSL's triple DES; the key is the password with mirrored bytes. */
function answer(): string {
  const key = Buffer.alloc(8);
  Buffer.from('secret').forEach((byte, index) => {
    key[index] = Number.parseInt([...byte.toString(2).padStart(8, '0')].reverse().join(''), 2);
  });
  const des = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null);
  return des.setAutoPadding(false).update(CHALLENGE).toString('hex');
}

async function run(
  security: RfbSecurity,
  input: readonly Buffer[],
  sizes?: readonly number[],
  secure: () => Promise<void> = async () => {},
) {
  let sent = '';
  let init: ServerInit | undefined;
  const port = {
    send: (bytes: Uint8Array) => {
      sent += `${Buffer.from(bytes).toString('hex')} `;
    },
    secure: (kind: string) => {
      sent += `${kind} `;
      return secure();
    },
  };
  const whole = function* () {
    init = yield* readHandshake(port, security, true);
  };
  // A peer that waits for us sends nothing before it is asked: each part is a chunk of its own.
  const lengths = input.map((part) => part.length);
  const done = await feed(whole(), Buffer.concat(input), sizes ?? lengths);
  return { sent: sent.trim(), init, done };
}

const [V3, V7, V8] = [3, 7, 8].map((minor) => version(minor).toString('hex'));
const LAB = { width: 4, height: 3, name: 'lab1' };

describe('RFB handshake', () => {
  it.each([
    ['3.3', [version(3), hex('00000001'), INIT], `${V3} 01`],
    ['3.5, which is 3.3', [version(5), hex('00000001'), INIT], `${V3} 01`],
    ['3.7', [version(7), hex('01 01'), INIT], `${V7} 01 01`],
    ['3.8', [version(8), hex('02 02 01'), OK, INIT], `${V8} 01 01`],
    ["Apple's 3.889", [Buffer.from('RFB 003.889\n'), hex('02 1e 01'), OK, INIT], `${V8} 01 01`],
  ])('is open with %s', async (_, input, sent) => {
    expect(await run(OPEN, input)).toEqual({ sent, init: LAB, done: true });
    expect(await run(OPEN, input, [1])).toEqual({ sent, init: LAB, done: true });
  });

  it.each([
    ['3.3', [version(3), hex('00000002'), CHALLENGE, OK, INIT], `${V3} ${answer()} 01`],
    ['3.7', [version(7), hex('01 02'), CHALLENGE, OK, INIT], `${V7} 02 ${answer()} 01`],
    ['3.8', [version(8), hex('02 13 02'), CHALLENGE, OK, INIT], `${V8} 02 ${answer()} 01`],
  ])('shows a password to %s', async (_, input, sent) => {
    expect(await run(WITH_PASSWORD, input)).toEqual({ sent, init: LAB, done: true });
  });

  const begin = (...types: number[]) => [
    version(8),
    hex('02 02 13'),
    hex('0002'),
    hex('00'),
    Buffer.concat([
      Buffer.of(types.length),
      ...types.map((type) => hex(type.toString(16).padStart(8, '0'))),
    ]),
    hex('01'),
  ];

  it('puts TLS on before anything else is said', async () => {
    const input = [...begin(257, 258), CHALLENGE, OK, INIT];
    const sent = `${V8} 13 0002 00000102 anonymous ${answer()} 01`;
    expect(await run(WITH_TLS, input)).toEqual({ sent, init: LAB, done: true });
    expect(await run(WITH_TLS, input, [1])).toEqual({ sent, init: LAB, done: true });
  });

  it('prefers a certificate and a user of its own', async () => {
    const input = [...begin(257, 258, 259, 260, 261, 262), OK, INIT];
    const { sent } = await run({ ...WITH_TLS, user: 'me' }, input);
    const login =
      hex('00000002 00000006').toString('hex') + hex('6d65 736563726574').toString('hex');
    expect(sent).toBe(`${V8} 13 0002 00000106 certificate ${login} 01`);
    expect((await run({ ...OPEN, tls: 'certificate' }, [...begin(257, 260), OK, INIT])).sent).toBe(
      `${V8} 13 0002 00000104 certificate 01`,
    );
  });

  it('takes nothing that came before TLS for what came through it', async () => {
    const sizes = begin(258).map((part) => part.length);
    sizes[sizes.length - 1] = 18;
    await expect(run(WITH_TLS, [...begin(258), CHALLENGE], sizes)).rejects.toThrow('did not wait');
  });

  it.each<[string, RfbSecurity, Buffer[], RegExp]>([
    ['a password', OPEN, [version(8), hex('01 02')], /wants a password: name its file/],
    ['TLS', WITH_PASSWORD, [version(8), hex('01 13')], /wants TLS: set tls/],
    ['something else', WITH_PASSWORD, [version(8), hex('02 05 1e')], /another .*types 5, 30/],
    ['no TLS', WITH_TLS, [version(8), hex('02 01 02')], /has no TLS/],
    [
      'no certificate',
      { ...WITH_TLS, tls: 'certificate' },
      begin(257, 258),
      /shows no certificate/,
    ],
    ['a user', WITH_TLS, begin(259, 262), /wants a user and a password/],
    [
      'a password in TLS',
      { ...OPEN, tls: 'anonymous' },
      begin(258),
      /wants a password: set user and/,
    ],
    ['other ways of TLS', WITH_TLS, begin(263, 264), /other ways of TLS than ours \(263, 264\)/],
    ['an old VeNCrypt', WITH_TLS, [...begin().slice(0, 2), hex('0001')], /VeNCrypt 0\.1, not 0\.2/],
  ])('says what to do when the server wants %s', async (_, security, input, message) => {
    const failure = await run(security, input).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RfbError);
    expect(failure).toMatchObject({ kind: 'unsupported', message: expect.stringMatching(message) });
  });

  it.each<[string, RfbSecurity, Buffer[], string]>([
    [
      'refuses all',
      OPEN,
      [version(8), hex('00 00000004'), Buffer.from('busy')],
      'The VNC server refused the connection: busy',
    ],
    [
      'refuses a password',
      WITH_PASSWORD,
      [version(8), hex('01 02'), CHALLENGE, hex('00000001 00000003'), Buffer.from('no!')],
      'The VNC server did not accept the password: no!',
    ],
    [
      'refuses one without a word',
      WITH_PASSWORD,
      [version(7), hex('01 02'), CHALLENGE, hex('00000001')],
      'The VNC server did not accept the password.',
    ],
    [
      'refuses VeNCrypt',
      WITH_TLS,
      [...begin().slice(0, 3), hex('ff')],
      'The VNC server refused VeNCrypt 0.2',
    ],
    [
      'refuses TLS',
      WITH_TLS,
      [...begin(258).slice(0, 5), hex('00')],
      'The VNC server refused to begin TLS',
    ],
  ])('tells when the server %s', async (_, security, input, message) => {
    const failure = await run(security, input, [1]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'RfbError', kind: 'refused', message });
  });

  it('tells why TLS failed', async () => {
    const secure = () => Promise.reject(new Error('self-signed certificate'));
    await expect(run(WITH_TLS, begin(258), undefined, secure)).rejects.toThrow(
      'TLS with the VNC server failed: self-signed certificate',
    );
  });

  it('throws nothing but RfbError whatever comes', async () => {
    const heads = [
      version(3),
      version(7),
      version(8),
      ...[258, 261].map((type) => Buffer.concat(begin(type))),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(Buffer.alloc(0), ...heads),
        fc.uint8Array({ maxLength: 120 }),
        fc.constantFrom(OPEN, WITH_PASSWORD, WITH_TLS),
        async (head, bytes, security) => {
          const failure = await run(security, [head, Buffer.from(bytes)], [1]).catch(
            (error) => error,
          );
          if (failure instanceof Error) expect(failure).toBeInstanceOf(RfbError);
        },
      ),
      manyRuns(),
    );
  });
});
