import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NbdClient, type NbdClientOptions, type NbdClientSink } from './client.ts';
import { type NbdRead, NbdServer, type NbdServerSink } from './server.ts';
import { NBD_ERROR, NbdError } from './wire.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const hexOf = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString('hex');
const plain = (text: string) => text.replaceAll(/\s/g, '');

const GREETING = '4e42444d41474943 49484156454f5054 0003';
/** `go` for the export without a name, with the sizes of blocks; what libnbd and we send. */
const GO = '49484156454f5054 00000007 00000008 00000000 0001 0003';
/** What answers it: 1 MiB, read-only, flush, several connections; 1, 131072 and 32 MiB; done. */
const GONE = `
  0003e889045565a9 00000007 00000003 0000000c 0000 0000000000100000 0187
  0003e889045565a9 00000007 00000003 0000000e 0003 00000001 00020000 02000000
  0003e889045565a9 00000007 00000001 00000000`;
const READ = '25609513 0000 0000 0000000000000001 0000000000000200 00000004';
const DISCONNECT = '25609513 0000 0002 0000000000000000 0000000000000000 00000000';

class Server implements NbdServerSink {
  readonly sent: Uint8Array[] = [];
  ended = false;
  readonly nbd = new NbdServer(this, { sizeBytes: 1 << 20, preferredBytes: 1 << 17 });

  send(sent: Uint8Array) {
    this.sent.push(sent);
  }
  read(asked: NbdRead) {
    if (asked.offset === 0) this.nbd.refuse(asked.cookie, NBD_ERROR.io);
    else this.nbd.reply(asked, new Uint8Array(asked.length).fill(asked.offset / 512));
  }
  end() {
    this.ended = true;
  }
}

class Client implements NbdClientSink {
  readonly sent: Uint8Array[] = [];
  readonly heard: unknown[] = [];
  readonly nbd: NbdClient;

  constructor(options: Partial<NbdClientOptions> = {}) {
    this.nbd = new NbdClient(this, { exportName: '', tls: false, ...options });
  }
  send(sent: Uint8Array) {
    this.sent.push(sent);
  }
  secure() {
    this.heard.push('secure');
  }
  ready(facts: unknown) {
    this.heard.push(facts);
  }
  data(cookie: bigint, data: Uint8Array) {
    this.heard.push([cookie, Buffer.from(data).toString('hex')]);
  }
  failed(cookie: bigint, error: number) {
    this.heard.push([cookie, error]);
  }
}

/** What a server says to this, and whether it ends. */
function answerTo(input: string, sizes: readonly number[] = [1 << 20]) {
  const server = new Server();
  server.sent.length = 0;
  feed(server.nbd, bytes(input), sizes);
  return { said: hexOf(server.sent), ended: server.ended };
}

function feed(to: { push(bytes: Uint8Array): void }, input: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  for (let index = 0; at < input.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    to.push(input.slice(at, at + size));
    at += size;
  }
}

const reply = (error: number, data = '') =>
  `67446698 ${error.toString(16).padStart(8, '0')} 0000000000000001 ${data}`;
const optionReply = (option: string, type: string) =>
  `0003e889045565a9 000000${option} ${type} 00000000`;
const request = (type: string, rest: string) => `25609513 0000 ${type} 0000000000000001 ${rest}`;

describe('the NBD server', () => {
  it('greets, tells the export, gives bytes and ends, byte for byte', () => {
    expect(hexOf(new Server().sent)).toBe(plain(GREETING));
    const { said, ended } = answerTo(`00000003 ${GO} ${READ} ${DISCONNECT}`);
    expect(said).toBe(plain(`${GONE} ${reply(0, '01010101')}`));
    expect(ended).toBe(true);
  });

  it('gives the same answers however the bytes are cut', () => {
    const list = '49484156454f5054 00000003 00000000';
    const write = request('0001', '0000000000000000 00000003 aabbcc');
    const session = `00000003 ${list} ${GO} ${READ} ${write} ${READ} ${DISCONNECT}`;
    const whole = answerTo(session);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        expect(answerTo(session, sizes)).toEqual(whole);
      }),
    );
    expect(answerTo(session, [1])).toEqual(whole);
  });

  it('answers in chunks whom that is told to, and what is no read as ever', () => {
    const structured = '49484156454f5054 00000008 00000000';
    const failing = request('0000', '0000000000000000 00000001');
    const whole = request('0000', '0000000000000200 00000002').replace(/ 0000 /, ' 0004 ');
    const flush = request('0003', '0000000000000000 00000000');
    const { said } = answerTo(`00000003 ${structured} ${GO} ${failing} ${whole} ${flush}`);
    const chunks = `668e33ef 0001 8001 0000000000000001 00000006 00000005 0000
      668e33ef 0001 0001 0000000000000001 0000000a 0000000000000200 0101`;
    expect(said).toBe(plain(optionReply('08', '00000001') + GONE + chunks + reply(0)));
  });

  it('takes the oldest option, with and without padding', () => {
    const name = '49484156454f5054 00000001 00000000';
    expect(answerTo(`00000003 ${name}`).said).toBe(plain('0000000000100000 0187'));
    expect(answerTo(`00000001 ${name}`).said).toHaveLength(20 + 2 * 124);
    expect(() => answerTo('00000003 49484156454f5054 00000001 00000001 61')).toThrow(NbdError);
  });

  it.each([
    ['list', '49484156454f5054 00000003 00000000', /000000020000000400000000/],
    [
      'a list with data',
      '49484156454f5054 00000003 00000001 00',
      plain(optionReply('03', '80000003')),
    ],
    [
      'structured replies with data',
      '49484156454f5054 00000008 00000001 00',
      plain(optionReply('08', '80000003')),
    ],
    ['TLS', '49484156454f5054 00000005 00000000', plain(optionReply('05', '80000001'))],
    ['abort', '49484156454f5054 00000002 00000000', plain(optionReply('02', '00000001'))],
    [
      'another export',
      '49484156454f5054 00000007 00000007 00000001 61 0000',
      plain(optionReply('07', '80000006')),
    ],
    [
      'a name that is cut',
      '49484156454f5054 00000007 00000006 00000001 0000',
      plain(optionReply('07', '80000003')),
    ],
  ])('answers %s', (_, option, answer) => {
    expect(answerTo(`00000003 ${option}`).said).toMatch(answer);
  });

  it.each([
    ['a write', request('0001', '0000000000000000 00000001 aa'), NBD_ERROR.permission],
    ['trim', request('0004', '0000000000000000 00000200'), NBD_ERROR.permission],
    ['zeros', request('0006', '0000000000000000 00000200'), NBD_ERROR.permission],
    ['flush', request('0003', '0000000000000000 00000000'), 0],
    ['what it does not know', request('0007', '0000000000000000 00000200'), NBD_ERROR.invalid],
    ['nothing to read', request('0000', '0000000000000000 00000000'), NBD_ERROR.invalid],
    ['more than is there', request('0000', '00000000000ffffe 00000003'), NBD_ERROR.invalid],
    ['an offset beyond all', request('0000', 'ffffffffffffffff 00000001'), NBD_ERROR.invalid],
  ])('answers %s', (_, asked, error) => {
    const { said } = answerTo(`00000003 ${GO} ${asked} ${READ}`);
    expect(said).toBe(plain(GONE + reply(error) + reply(0, '01010101')));
  });

  it.each([
    ['no option', `00000003 ${'00'.repeat(16)}`],
    ['flags of the future', '00000004'],
    ['an option that is too long', '00000003 49484156454f5054 00000007 00002001'],
    ['no request', `00000003 ${GO} ${'00'.repeat(28)}`],
    ['a write that is too long', `00000003 ${GO} ${request('0001', '0000000000000000 02000001')}`],
  ])('goes from a client that sends %s', (_, input) => {
    expect(() => answerTo(input)).toThrow(NbdError);
  });

  it('throws nothing but its own error, whatever comes', () => {
    const start = fc.constantFrom('', '00000003', `00000003 ${GO}`);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (begin, rest) => {
        try {
          answerTo(begin + Buffer.from(rest).toString('hex'));
        } catch (error) {
          expect(error).toBeInstanceOf(NbdError);
        }
      }),
    );
  });
});

describe('the NBD client', () => {
  const FACTS = { sizeBytes: 1 << 20, maxReadBytes: 32 << 20 };

  it('asks for the export and reads, byte for byte', () => {
    const client = new Client();
    client.nbd.push(bytes(GREETING + GONE));
    expect(client.nbd.read(512, 4)).toBe(1n);
    client.nbd.push(bytes(reply(0, '01020304')));
    client.nbd.disconnect();
    expect(hexOf(client.sent)).toBe(plain(`00000003 ${GO} ${READ} ${DISCONNECT}`));
    expect(client.heard).toEqual([FACTS, [1n, '01020304']]);
  });

  it('reads the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sizes) => {
        const client = new Client();
        feed(client.nbd, bytes(GREETING + GONE), sizes);
        client.nbd.read(0, 3);
        client.nbd.read(3, 1);
        const second = '67446698 00000005 0000000000000002';
        feed(client.nbd, bytes(second + reply(0, 'aabbcc')), sizes);
        expect(client.heard).toEqual([FACTS, [2n, 5], [1n, 'aabbcc']]);
      }),
    );
  });

  it('starts TLS before it says what it wants', () => {
    const client = new Client({ tls: true, exportName: 'a' });
    client.nbd.push(bytes(GREETING + optionReply('05', '00000001')));
    expect(hexOf(client.sent)).toBe(plain('00000003 49484156454f5054 00000005 00000000'));
    expect(client.heard).toEqual(['secure']);
    client.nbd.secured();
    expect(hexOf(client.sent)).toContain(plain('00000007 00000009 00000001 61 0001 0003'));
    client.nbd.push(bytes(GONE));
    expect(client.heard).toEqual(['secure', FACTS]);
  });

  it('takes nothing that came before TLS for something of within', () => {
    const client = new Client({ tls: true });
    const input = bytes(`${GREETING + optionReply('05', '00000001')} 00`);
    expect(() => client.nbd.push(input)).toThrow(/did not wait/);
  });

  it.each([
    ['0003', ''],
    ['0001', '00'.repeat(124)],
  ])('goes the old way with a server that lacks `go` (flags %s)', (flags, padding) => {
    const greeting = GREETING.replace(/0003$/, flags);
    const client = new Client();
    client.nbd.push(bytes(greeting + optionReply('07', '80000001')));
    client.nbd.push(bytes(`0000000000100000 0003 ${padding}`));
    expect(client.heard).toEqual([FACTS]);
  });

  it.each([
    ['no server of NBD', '53 53 48 2d 32 2e 30 2d'.repeat(3), /no NBD server/],
    ['one of the first style', '4e42444d41474943 00420281861253 0000000000', /no NBD server/],
    ['one without options', GREETING.replace(/3$/, '2'), /too old/],
    ['one that has no such export', GREETING + optionReply('07', '80000006'), /no export/],
    ['one that wants TLS', GREETING + optionReply('07', '80000005'), /nbds/],
    ['an answer to something else', GREETING + optionReply('08', '00000001'), /something else/],
    ['no size', GREETING + optionReply('07', '00000001'), /size/],
    ['a long answer', `${GREETING} 0003e889045565a9 00000007 00000003 00002001`, /8193 bytes/],
    ['a reply to nothing', GREETING + GONE + reply(0), /something else/],
  ])('goes from %s', (_, input, message) => {
    const client = new Client();
    expect(() => client.nbd.push(bytes(input))).toThrow(NbdError);
    expect(() => new Client().nbd.push(bytes(input))).toThrow(message);
  });

  it('throws nothing but its own error, whatever comes', () => {
    const start = fc.constantFrom('', GREETING, GREETING + GONE);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (begin, rest) => {
        try {
          new Client().nbd.push(bytes(begin + Buffer.from(rest).toString('hex')));
        } catch (error) {
          expect(error).toBeInstanceOf(NbdError);
        }
      }),
    );
  });
});
