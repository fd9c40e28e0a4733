import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { askRadius } from './radius.ts';
import { RemoteService } from './remote.ts';

let server: Socket;
let answer: (datagram: Buffer, from: RemoteInfo) => void;
beforeEach(async () => {
  server = createSocket('udp4', (datagram, from) => answer(datagram, from));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

const service = (timeout = 0.2) =>
  new RemoteService({
    name: 'radius',
    ask: askRadius({
      ...{ host: '127.0.0.1', port: server.address().port, secret: 's', timeout },
      require_message_authenticator: false,
    }),
    limits: { timeoutMs: timeout * 1000 },
    log: silentLog,
  });

it('asks again, is not taken in by a liar, and gives up in time', async () => {
  const seen: string[] = [];
  answer = (datagram, from) => {
    seen.push(datagram.toString('hex'));
    const lie = Buffer.from(datagram.subarray(0, 20));
    lie[0] = 2;
    lie.writeUInt16BE(20, 2);
    server.send(lie, from.port, from.address);
    server.send('garbage', from.port, from.address);
  };
  await expect(service().verify('alice', 'x')).rejects.toMatchObject({ name: 'UnavailableError' });
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen).size).toBe(1);
});

it('never sends a password that is empty or too long', async () => {
  let asked = 0;
  answer = () => void asked++;
  expect(await service().verify('alice', '')).toBe(false);
  expect(await service().verify('alice', 'x'.repeat(129))).toBe(false);
  expect(asked).toBe(0);
});
