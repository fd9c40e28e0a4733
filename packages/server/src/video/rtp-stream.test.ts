import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import type { H264Message } from './h264-viewers.ts';
import { RtpStream, type RtpStreamOptions } from './rtp-stream.ts';

const TIME = { nowMs: 1000, unixMs: 0, isLoose: false };

function picture(bytes: number): H264Message {
  const bare = Buffer.concat([Buffer.from('0000000165', 'hex'), Buffer.alloc(bytes, 7)]);
  return { key: true, bare, prefixed: bare };
}

function stream(options: Partial<RtpStreamOptions> = {}) {
  const packets: Buffer[] = [];
  const made = new RtpStream({
    ...{ ssrc: 5, payloadType: 96, playoutDelayId: 2, captureTimeId: 3 },
    ...{ firstSequence: 0xffff, firstTimestamp: 2 ** 32 - 90_000 },
    send: (packet) => packets.push(packet) > 0,
    ...options,
  });
  return { stream: made, packets };
}

it('numbers packets on, marks the last, and tells delay and time with the first', () => {
  const { stream: made, packets } = stream();
  expect(made.send(picture(2500), TIME)).toBeGreaterThan(2500);
  expect(packets.map((packet) => packet.readUInt16BE(2))).toEqual([0xffff, 0, 1]);
  expect(packets.map((packet) => packet.readUInt32BE(4))).toEqual([0, 0, 0]);
  expect(packets.map((packet) => (packet[1] ?? 0) >> 7)).toEqual([0, 0, 1]);
  expect(packets.map((packet) => ((packet[0] ?? 0) & 0x10) !== 0)).toEqual([true, false, false]);
  expect(packets[0]?.subarray(16, 20).toString('hex')).toBe('22000000');
  for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(1150);
  made.send(picture(1), { ...TIME, isLoose: true });
  expect(packets[3]?.subarray(16, 20).toString('hex')).toBe('220003e8');
});

it('sends again what it still knows, bit by bit the same', () => {
  const { stream: made, packets } = stream({ firstSequence: 0 });
  made.send(picture(2500), TIME);
  const [, second] = packets.splice(0);
  made.resend([1, 900, 0xffff]);
  expect(packets).toEqual([second]);
  for (let more = 0; more < 1100; more += 1) made.send(picture(1), TIME);
  packets.length = 0;
  made.resend([1]);
  expect(packets).toEqual([]);
});

it('says when a packet could not go', () => {
  const { stream: made } = stream({ send: () => false });
  expect(made.send(picture(1), TIME)).toBeUndefined();
});

it('reports what was sent', () => {
  const { stream: made } = stream({ playoutDelayId: undefined, captureTimeId: undefined });
  made.send(picture(1), TIME);
  const report = made.report(1000, 0);
  expect([report.readUInt32BE(16), report.readUInt32BE(20), report.readUInt32BE(24)]).toEqual([
    ...[0, 1, 2],
  ]);
});
