import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { h264Payloads, nalUnits } from './h264-payload.ts';
import { ntpTime, playoutDelay, writeRtpPacket } from './packet.ts';
import { parseRtcp, RtcpError, senderReport } from './rtcp.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/[ |]/g, ''), 'hex');
const whole = ({ head, data }: { readonly head: Uint8Array; readonly data: Buffer }) =>
  Buffer.concat([head, data]);

describe('RTP packet', () => {
  const header = { marker: true, payloadType: 96, sequence: 0x1234, timestamp: 90_000, ssrc: 7 };

  it('is header and payload', () => {
    const packet = writeRtpPacket({ ...header, extensions: [] }, hex('7c85'), hex('aabb'));
    expect(packet).toEqual(hex('80 e0 1234 00015f90 00000007 | 7c85 aabb'));
  });

  it('has its extensions one after the other, up to a word', () => {
    const extensions = [
      { id: 2, data: playoutDelay(0, 10_000) },
      { id: 3, data: ntpTime(500) },
    ];
    const given = { ...header, marker: false, extensions };
    expect(writeRtpPacket(given, new Uint8Array(), hex('65'))).toEqual(
      hex(
        '90 60 1234 00015f90 00000007 | bede 0004 | 22 0003e8 | 37 83aa7e80 80000000 000000 | 65',
      ),
    );
  });

  it('has delays in steps of 10 ms, up to 12 bits', () => {
    expect(Buffer.from(playoutDelay(10, 20))).toEqual(hex('001002'));
    expect(Buffer.from(playoutDelay(1e9, 1e9))).toEqual(hex('ffffff'));
  });
});

describe('H.264 payloads', () => {
  const stream = hex('00000001 67aa | 000001 68bb | 00000001 65 01020304050607 00');

  it('are the units, and fragments of those that are too large', () => {
    expect(nalUnits(stream)).toEqual([hex('67aa'), hex('68bb'), hex('6501020304050607')]);
    expect(h264Payloads(stream, 5).map(whole)).toEqual([
      hex('67aa'),
      hex('68bb'),
      hex('7c85 010203'),
      hex('7c05 040506'),
      hex('7c45 07'),
    ]);
  });

  it('give the units back, whatever they are, and none is too large', () => {
    const units = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60, min: 1 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(units, fc.integer({ min: 3, max: 40 }), (given, maxBytes) => {
        const nals = given.map((unit) => Buffer.from([unit[0] ?? 1, ...unit.slice(1), 1]));
        const annexB = Buffer.concat(nals.flatMap((nal) => [hex('00000001'), nal]));
        const payloads = h264Payloads(annexB, maxBytes).map(whole);
        expect(Math.max(...payloads.map((each) => each.length))).toBeLessThanOrEqual(maxBytes);
        expect(payloads.length).toBeGreaterThanOrEqual(nals.length);
        const got = Buffer.concat(h264Payloads(annexB, maxBytes).map(({ data }) => data)).length;
        const split = nals.filter((nal) => nal.length > maxBytes).length;
        expect(got).toBe(nals.reduce((sum, nal) => sum + nal.length, 0) - split);
      }),
    );
  });

  it('are none of bytes without a unit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const unit of nalUnits(Buffer.from(bytes))) expect(unit.length).toBeGreaterThan(0);
      }),
    );
    expect(h264Payloads(hex('65aabb'), 100)).toEqual([]);
  });
});

describe('RTCP', () => {
  const report = '81 c9 0007 00000001 00000007 40 000003 00001234 00000000 00000000 00000000';

  it('reads what receivers say, several in a datagram', () => {
    const nack = '81 cd 0003 00000001 00000007 fffe 0005';
    const pli = '81 ce 0002 00000001 00000007';
    const fir = '84 ce 0004 00000001 00000000 00000007 01000000';
    const remb = '8f ce 0005 00000001 00000000 52454d42 01 0b0000 00000007';
    const unknown = '80 cb 0001 00000001';
    expect(parseRtcp(hex(report + nack + pli + fir + remb + unknown))).toEqual([
      { kind: 'loss', ssrc: 7, fraction: 0.25 },
      { kind: 'nack', ssrc: 7, sequences: [0xfffe, 0xffff, 1] },
      { kind: 'key frame', ssrc: 7 },
      { kind: 'key frame', ssrc: 7 },
      { kind: 'estimate', bitsPerSecond: 0x30000 * 4 },
    ]);
  });

  it('refuses what is cut off or of another kind', () => {
    expect(() => parseRtcp(hex(report).subarray(0, -1))).toThrow(RtcpError);
    expect(() => parseRtcp(hex('80c9'))).toThrow(RtcpError);
    expect(() => parseRtcp(hex('01c90000'))).toThrow(RtcpError);
  });

  it('throws nothing else for any bytes', () => {
    const type = fc.constantFrom(200, 201, 205, 206, 0, 255);
    const body = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(type, fc.nat(31), body, fc.boolean(), (kind, count, bytes, isFit) => {
        const fit = isFit ? bytes.subarray(0, bytes.length - (bytes.length % 4)) : bytes;
        const words = Math.floor(fit.length / 4);
        try {
          parseRtcp(Buffer.from([0x80 | count, kind, 0, words, ...fit]));
        } catch (error) {
          expect(error).toBeInstanceOf(RtcpError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('tells a receiver the time and what was sent', () => {
    const given = { ssrc: 7, unixMs: 500, timestamp: 0x01020304, packets: 2, bytes: 2 ** 32 + 9 };
    expect(senderReport(given)).toEqual(
      hex('80 c8 0006 00000007 83aa7e80 80000000 01020304 00000002 00000009'),
    );
    expect(parseRtcp(senderReport(given))).toEqual([]);
  });
});
