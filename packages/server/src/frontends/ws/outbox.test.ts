import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { Outbox } from './outbox.ts';

/** A socket whose client reads when the test says so. */
class SlowSocket {
  readonly readyState = 1;
  bufferedAmount = 0;
  terminated = false;
  readonly sent: string[] = [];
  #written: (() => void)[] = [];

  send(data: string, written: () => void): void {
    this.sent.push(data);
    this.#written.push(written);
  }

  drain(): void {
    this.bufferedAmount = 0;
    const written = this.#written;
    this.#written = [];
    for (const tell of written) tell();
  }

  terminate(): void {
    this.terminated = true;
  }
}

const clients = (count: number) => ({ event_type: 'clients' as const, event: { count } });

test('merges what waits for a slow client, per event type', () => {
  const socket = new SlowSocket();
  const outbox = new Outbox(socket as unknown as WebSocket);
  outbox.push(clients(1));
  socket.bufferedAmount = 300 * 1024;
  for (let count = 2; count < 1000; count++) outbox.push(clients(count));
  outbox.push({ event_type: 'atx', event: { busy: true } });
  outbox.push({ event_type: 'atx', event: { enabled: true } });
  expect(socket.sent).toHaveLength(1);
  socket.drain();
  expect(socket.sent.slice(1)).toEqual([
    '{"event_type": "clients", "event": {"count": 999}}',
    '{"event_type": "atx", "event": {"busy": true, "enabled": true}}',
  ]);
});

test('drops a client that only asks and never reads', () => {
  const socket = new SlowSocket();
  const outbox = new Outbox(socket as unknown as WebSocket);
  socket.bufferedAmount = 3 * 1024 * 1024;
  outbox.answer('pong');
  expect(socket.terminated).toBe(true);
});
