import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { openPseudoTerminal } from '../../../test/support/pseudo-terminal.ts';
import { createTesmart, type TesmartOptions } from './tesmart.ts';

const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

/** A switch that speaks the real frames; `mood` is what it does with the next ones. */
class Peer {
  port = 2;
  mood: 'fine' | 'silent' | 'garbage' | 'half' | 'split' = 'fine';
  readonly requests: string[] = [];

  take(request: Buffer, answer: (bytes: Uint8Array) => void, end: () => void): void {
    this.requests.push(request.toString('hex'));
    if (request[3] === 1) this.port = (request[4] ?? 0) - 1;
    if (request[3] !== 0x10) return;
    const reply = Uint8Array.of(0xaa, 0xbb, 3, 0x11, this.port, 0xee);
    if (this.mood === 'fine') answer(reply);
    if (this.mood === 'garbage') answer(Buffer.alloc(100_000, 0x55));
    if (this.mood === 'half') {
      answer(reply.subarray(0, 3));
      end();
    }
    if (this.mood === 'split') {
      answer(reply.subarray(0, 1));
      setTimeout(() => answer(reply.subarray(1)), 20);
    }
  }
}

async function overTcp(peer: Peer, at = 0) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      peer.take(
        bytes,
        (reply) => socket.write(reply),
        () => socket.end(),
      );
    });
  }).listen(at, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  closings.push(stop);
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, stop };
}

const OPTIONS: TesmartOptions = {
  ...{ host: '', port: 5000, device: '', speed: 9600, timeout: 0.3 },
  ...{ switch_delay: 0.02, state_poll: 0.05 },
};
const context = () => gpioContext('output', { 0: true });

describe('a TESmart switch over TCP', () => {
  test('tells its port and selects others', async () => {
    const peer = new Peer();
    const { port } = await overTcp(peer);
    await using driver = createTesmart({ ...OPTIONS, host: '127.0.0.1', port }, context());
    await waitForOn(driver, ['2']);
    await driver.write('15', true);
    await waitForOn(driver, ['15']);
    expect(peer.requests).toContain('aabb030110ee');
    await driver.write('1', false);
    expect(peer.port).toBe(15);
  });

  test.each(['silent', 'garbage', 'half'] as const)(
    'is offline while it is %s, then back',
    async (mood) => {
      const peer = new Peer();
      const { port } = await overTcp(peer);
      await using driver = createTesmart({ ...OPTIONS, host: '127.0.0.1', port }, context());
      await waitForOn(driver, ['2']);
      peer.mood = mood;
      await waitForOn(driver, undefined);
      await expect(driver.write('1', true)).rejects.toThrow('does not answer');
      peer.mood = 'split';
      await waitForOn(driver, ['2']);
    },
  );

  test('that refuses connections is offline until it listens', async () => {
    const peer = new Peer();
    const { port, stop } = await overTcp(peer);
    await using driver = createTesmart({ ...OPTIONS, host: '127.0.0.1', port }, context());
    await waitForOn(driver, ['2']);
    stop();
    await waitForOn(driver, undefined);
    await overTcp(peer, port);
    await waitForOn(driver, ['2']);
  });
});

test('a TESmart switch on a serial line', async () => {
  using line = openPseudoTerminal();
  const peer = new Peer();
  line.far.on('data', (bytes: Buffer) => {
    peer.take(
      bytes,
      (reply) => line.far.write(reply),
      () => undefined,
    );
  });
  await using driver = createTesmart({ ...OPTIONS, device: line.path }, context());
  await waitForOn(driver, ['2']);
  await driver.write('3', true);
  await eventually(() => expect(peer.port).toBe(3));
  await waitForOn(driver, ['3']);
});
