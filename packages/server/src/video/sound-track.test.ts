import { expect, it } from 'vitest';
import type { Sound, SoundPacket } from './sound.ts';
import { SoundTrack } from './sound-track.ts';

const SENDER_REPORT = 200;

/** A track whose sound is what the test gives, and what it has sent. */
function rig() {
  let give: ((packet: SoundPacket) => void) | undefined;
  const sound = {
    join(listener: (packet: SoundPacket) => void) {
      give = listener;
      return () => {
        give = undefined;
      };
    },
  } as unknown as Sound;
  const numbers = { firstSequence: 0xfffe, firstTimestamp: 2 ** 32 - 960 };
  const track = new SoundTrack(sound, { ssrc: 7, payloadType: 111, ...numbers });
  const sent: Buffer[] = [];
  track.start({ isOpen: true, send: (packet) => sent.push(packet) > 0 });
  const isReport = (packet: Buffer) => packet[1] === SENDER_REPORT;
  return {
    track,
    say: (time: number, isFirst = false) => give?.({ data: Buffer.from('opus'), time, isFirst }),
    isHeard: () => give !== undefined,
    media: () => sent.filter((packet) => !isReport(packet)),
    reports: () => sent.filter(isReport),
  };
}

it('numbers packets on, and marks the first after a pause', () => {
  const { say, media } = rig();
  say(0, true);
  say(960);
  say(96_000, true);
  expect(media().map((packet) => packet.readUInt16BE(2))).toEqual([0xfffe, 0xffff, 0]);
  expect(media().map((packet) => packet.readUInt32BE(4))).toEqual([2 ** 32 - 960, 0, 95_040]);
  expect(media().map((packet) => packet[1])).toEqual([0x80 | 111, 111, 0x80 | 111]);
  expect(media().map((packet) => packet.readUInt32BE(8))).toEqual([7, 7, 7]);
  expect(media()[0]?.subarray(12).toString()).toBe('opus');
});

it('reports once a second by the clock that the packets have', () => {
  const { say, reports, media } = rig();
  const now = () => Math.round(performance.now() * 48);
  const before = now();
  say(before, true);
  say(before + 960);
  const [report, ...more] = reports();
  expect(more).toEqual([]);
  const first = media()[0]?.readUInt32BE(4) ?? 0;
  const behind = ((report?.readUInt32BE(16) ?? 0) - first + 2 ** 32) % 2 ** 32;
  expect(behind).toBeLessThanOrEqual(now() - before);
  expect([report?.readUInt32BE(20), report?.readUInt32BE(24)]).toEqual([1, 4]);
});

it('listens until it is stopped', () => {
  const { track, isHeard } = rig();
  expect(isHeard()).toBe(true);
  track.stop();
  expect(isHeard()).toBe(false);
});
