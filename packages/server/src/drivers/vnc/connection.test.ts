import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { StateCell, until } from '../../core/state.ts';
import { VncConnection } from './connection.ts';
import { VncVideoSource } from './streamer.ts';

const limit = () => AbortSignal.timeout(10_000);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const VERSION = Buffer.from('RFB 003.008\n');
const NONE = hex('0101 00000000');
const screen = (size: string) => hex(`${size} 20180001 00ff00ff00ff 100800 000000 00000000`);
/** A screen of 2x1 px. */
const HELLO = Buffer.concat([VERSION, NONE, screen('0002 0001')]);
const NOTHING_NEW = hex('00000000');
const PIXELS = hex('00000001 00000000 00020001 00000000 0102030405060708');

describe('a connection to a VNC server', () => {
  let server: Server;
  let port = 0;
  let answer: (socket: Socket) => void;
  const sockets = new StateCell<readonly Socket[]>([]);
  const made: AsyncDisposable[] = [];
  const log = recordingLog();

  beforeEach(async () => {
    sockets.set([]);
    log.messages.length = 0;
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      sockets.set([...sockets.value, socket]);
      answer(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const each of made.splice(0).reverse()) await each[Symbol.asyncDispose]();
    for (const socket of sockets.value) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  function connect(options = {}): VncConnection {
    const connection = new VncConnection({
      server: {
        ...{ host: '127.0.0.1', port, user: '', passwd: '', passwdFile: '', tls: 'auto' },
        ...{ caFile: '', fingerprint: undefined, shared: true, lossless: false },
      },
      ...{ log, ...options },
    });
    made.push(connection);
    return connection;
  }

  const reasonOf = async (connection: VncConnection, passes: RegExp) => {
    const wanted = (status: typeof connection.status.value) =>
      !status.online && passes.test(status.reason);
    await until(connection.status, wanted, limit());
  };

  it.each([
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak RFB\.$/],
    ['an absurd size', Buffer.concat([VERSION, NONE, screen('ffff ffff')]), /65535x65535 .*large/],
    ['an unknown message', Buffer.concat([HELLO, hex('2a')]), /unknown message type 42\.$/],
    [
      'pixels that are elsewhere',
      Buffer.concat([HELLO, hex('00000001 0001 0000 0002 0001 00000000')]),
      /outside the screen\.$/,
    ],
    ['a text without end', Buffer.concat([HELLO, hex('03000000 7fffffff')]), /too long\.$/],
    [
      'an endless name',
      Buffer.concat([VERSION, NONE, hex('0002 0001'), Buffer.alloc(16), hex('ffffffff')]),
      /name is too long\.$/,
    ],
    [
      'a refusal',
      Buffer.concat([VERSION, hex('00 00000008'), Buffer.from('too many')]),
      /^The VNC server refused the connection: too many\.$/,
    ],
    [
      'a refusal without end',
      Buffer.concat([VERSION, hex('00 00000400'), Buffer.alloc(1024, 'a\x1b\n')]),
      /^The VNC server refused the connection: (a ){50,90}a?\.$/,
    ],
  ])('tells of %s', async (_, bytes, reason) => {
    answer = (socket) => socket.write(bytes);
    const connection = connect();
    await reasonOf(connection, reason);
    expect(log.messages.at(-1)).toBe('warn The VNC server cannot be used');
    expect(connection.link.value).toBeUndefined();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no more after its version', VERSION],
  ])('waits for a server that says %s only so long', async (_, bytes) => {
    answer = (socket) => socket.write(bytes);
    await reasonOf(connect({ handshakeMs: 100 }), /^The VNC server at 127\.0\.0\.1:\d+ does not/);
    await until(sockets, ({ length }) => length > 1, limit());
    expect(log.messages).toEqual(['warn The VNC server cannot be used']);
  });

  it('notices that a server has stopped in the middle', async () => {
    answer = (socket) => socket.write(Buffer.concat([HELLO, PIXELS.subarray(0, 20)]));
    await reasonOf(connect({ quietMs: 50 }), /does not answer\.$/);
  });

  it('says when there is no server, or when it hangs up', async () => {
    answer = (socket) => socket.end();
    await reasonOf(connect(), /^The VNC server at 127\.0\.0\.1:\d+ closed the connection\.$/);
  });

  it('asks slower and slower a server that ends each connection', async () => {
    answer = (socket) => socket.end(HELLO);
    const beginMs = performance.now();
    connect();
    await until(sockets, ({ length }) => length === 5, limit());
    // 50, 100, 200 and 400 ms.
    expect(performance.now() - beginMs).toBeGreaterThan(700);
  });

  it('makes no storm of requests when a server answers them with nothing', async () => {
    const requests = new StateCell(0);
    answer = (socket) => {
      socket.write(HELLO);
      // Version, security, shared, format and encodings: two of pixels and six others.
      let left = 12 + 1 + 1 + 20 + 4 + 8 * 4;
      socket.on('data', (chunk) => {
        const more = chunk.length - left;
        left = Math.max(0, -more);
        for (let at = 0; at < more; at += 10) {
          requests.set(requests.value + 1);
          socket.write(NOTHING_NEW);
        }
      });
    };
    const connection = connect();
    const source = new VncVideoSource(connection);
    made.push(source);
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    made.push(feed);
    feed.setWatched(true);
    const beginMs = performance.now();
    await until(requests, (count) => count === 20, limit());
    expect(performance.now() - beginMs).toBeGreaterThan(19 * 10);
  });
});
