import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manyRuns } from '../../../test/support/rfb-decoding.ts';
import { RfbClient, type RfbSink } from './client.ts';
import { RfbError } from './limits.ts';
import {
  compression,
  ENCODING,
  extendedKeyEvent,
  jpegQuality,
  keyEvent,
  pointerEvent,
  poke,
  setEncodings,
  updateRequest,
} from './messages.ts';
import type { RfbRect } from './screen.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const text = (value: string) => Uint8Array.from(Buffer.from(value, 'latin1'));

/** Version, security None, result OK, a screen of 4x3 named "QEMU". */
const HANDSHAKE = join(
  text('RFB 003.008\n'),
  hex('01 01  00000000'),
  hex('0004 0003  20 18 00 01 00ff 00ff 00ff 10 08 00 000000  00000004'),
  text('QEMU'),
);
const update = (...rects: string[]) =>
  join(hex('00 00'), Uint8Array.of(0, rects.length), ...rects.map(hex));

class Recorder implements RfbSink {
  readonly calls: string[] = [];
  readonly sent: Uint8Array[] = [];
  framebuffer = new Uint8Array();
  discard = false;

  send(bytes: Uint8Array) {
    this.sent.push(bytes);
  }
  resized(width: number, height: number) {
    this.calls.push(`resized ${width}x${height}`);
    this.framebuffer = new Uint8Array(width * height * 4);
    return this.discard ? undefined : this.framebuffer;
  }
  updateBegin() {
    this.calls.push('begin');
  }
  rect(rect: RfbRect) {
    this.calls.push(`rect ${rect.x},${rect.y} ${rect.width}x${rect.height}`);
  }
  updateEnd() {
    this.calls.push('end');
  }
  leds(mask: number) {
    this.calls.push(`leds ${mask}`);
  }
  extendedKeys() {
    this.calls.push('extended keys');
  }
  async secure() {
    throw new Error('no TLS here');
  }
}

const OPTIONS = {
  security: { tls: 'off', user: '', password: undefined },
  encodings: [ENCODING.raw, ENCODING.desktopSize, ENCODING.ledState],
} as const;

function run(input: Uint8Array, sizes: readonly number[] = [input.length]) {
  const sink = new Recorder();
  const client = new RfbClient(sink, OPTIONS);
  let at = 0;
  for (let index = 0; at < input.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    void client.push(input.subarray(at, at + size));
    at += size;
  }
  return sink;
}

describe('RFB client', () => {
  it('answers the handshake with the golden bytes', () => {
    const { sent, calls } = run(HANDSHAKE);
    expect(Buffer.concat(sent).toString('hex')).toBe(
      Buffer.concat([
        text('RFB 003.008\n'),
        hex('01'),
        hex('01'),
        hex('00000000 20 18 00 01 00ff 00ff 00ff 10 08 00 000000'),
        hex('02 00 0003 00000000 ffffff21 fffffefb'),
      ]).toString('hex'),
    );
    expect(calls).toEqual(['resized 4x3']);
  });

  it('sends other viewers away only when told so', () => {
    const sink = new Recorder();
    void new RfbClient(sink, { ...OPTIONS, shared: false }).push(HANDSHAKE);
    expect(sink.sent[2]).toEqual(hex('00'));
    expect(run(HANDSHAKE).sent[2]).toEqual(hex('01'));
  });

  it('writes requests and the poke as the specification has them', () => {
    expect(updateRequest(true, 1920, 1080)).toEqual(hex('03 01 0000 0000 0780 0438'));
    expect(updateRequest(false, 4, 3)).toEqual(hex('03 00 0000 0000 0004 0003'));
    expect(setEncodings([jpegQuality(8), compression(2)])).toEqual(
      hex('02 00 0002 ffffffe8 ffffff02'),
    );
    expect(poke()).toEqual(hex('06 000000 00000000'));
    expect(keyEvent(true, 0xffe1)).toEqual(hex('04 01 0000 0000ffe1'));
    expect(extendedKeyEvent(true, 0x61, 0x1e)).toEqual(hex('ff 00 0001 00000061 0000001e'));
    expect(extendedKeyEvent(false, 0xff51, 0xe04b)).toEqual(hex('ff 00 0000 0000ff51 000000cb'));
    expect(pointerEvent(5, 1919, 1079)).toEqual(hex('05 05 077f 0437'));
  });

  it('puts raw pixels where they belong', () => {
    const { framebuffer, calls } = run(
      join(HANDSHAKE, update('0001 0001 0002 0002 00000000 a1a2a3a4 b1b2b3b4 c1c2c3c4 d1d2d3d4')),
    );
    expect(calls.slice(1)).toEqual(['begin', 'rect 1,1 2x2', 'end']);
    expect(Buffer.from(framebuffer).toString('hex')).toBe(
      '00'.repeat(16) +
        `${'00'.repeat(4)}a1a2a3a4b1b2b3b4${'00'.repeat(4)}` +
        `${'00'.repeat(4)}c1c2c3c4d1d2d3d4${'00'.repeat(4)}`,
    );
  });

  const SESSION = join(
    HANDSHAKE,
    update('0000 0000 0000 0000 fffffefb 05'),
    hex('02'), // bell
    hex('03 000000 00000003'),
    text('abc'),
    hex('01 00 0000 0001 000100020003'),
    update('0000 0000 0002 0001 ffffff21', '0000 0000 0002 0001 00000000 0102030405060708'),
    update(),
    // The reason and the status of a size that was not granted, then one that was; VMware's LEDs.
    update(
      '0001 0003 0100 0100 fffffecc 01 000000 00000000 0000 0000 0004 0003 00000000',
      '0000 0000 0002 0002 fffffecc 01 000000 00000000 0000 0000 0002 0002 00000000',
      '0000 0000 0000 0000 574d5668 00000003',
      '0000 0000 0000 0000 fffffefe',
      '0001 0001 0002 0001 ffffff11 1111111122222222 c0',
      '0000 0000 0002 0002 00000000 01020304 05060708 09101112 13141516',
    ),
    hex(
      '00 00 ffff  0001 0000 0001 0001 00000000 aabbccdd  0000 0001 0002 0001 00000001 0000 0000',
    ),
    hex('0000 0000 0000 0000 ffffff20'),
  );
  const CALLS = [
    'resized 4x3',
    'begin',
    'leds 5',
    'end',
    'begin',
    'resized 2x1',
    'rect 0,0 2x1',
    'end',
    'begin',
    'end',
    'begin',
    'resized 2x2',
    'leds 3',
    'extended keys',
    'rect 0,0 2x2',
    'end',
    'begin',
    'rect 1,0 1x1',
    'rect 0,1 2x1',
    'end',
  ];

  it('understands LEDs, a new size, and reads over what it does not need', () => {
    expect(run(SESSION).calls).toEqual(CALLS);
  });

  it('gives the same for one byte at a time and for any split', () => {
    expect(run(SESSION, [1]).calls).toEqual(CALLS);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        const sink = run(SESSION, sizes);
        expect(sink.calls).toEqual(CALLS);
        expect(Buffer.from(sink.framebuffer).toString('hex')).toBe('01020304aabbccdd'.repeat(2));
      }),
    );
  });

  it('throws pixels away when nobody wants them', () => {
    const sink = new Recorder();
    sink.discard = true;
    void new RfbClient(sink, OPTIONS).push(
      join(
        HANDSHAKE,
        update('0000 0000 0001 0001 00000000 ffffffff', '0000 0000 0000 0000 fffffefb 02'),
      ),
    );
    expect(sink.calls.slice(1)).toEqual(['begin', 'rect 0,0 1x1', 'leds 2', 'end']);
    expect(sink.framebuffer.every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['another protocol', text('SSH-2.0-Open\n'), /does not speak RFB/],
    ['an old version', text('RFB 003.002\n'), /before 3\.3/],
    ['a password', join(text('RFB 003.008\n'), hex('01 02')), /wants a password/],
    [
      'a refusal',
      join(text('RFB 003.008\n'), hex('00 00000004'), text('busy')),
      /refused the connection: busy/,
    ],
    ['a screen of nothing', join(HANDSHAKE, update('0000 0000 0001 0000 ffffff21')), /no screen/],
    ['a screen too large', join(HANDSHAKE, update('0000 0000 2001 0001 ffffff21')), /too large/],
    [
      'pixels outside',
      join(HANDSHAKE, update('0003 0000 0002 0001 00000000')),
      /outside the screen/,
    ],
    [
      'an encoding not offered',
      join(HANDSHAKE, update('0000 0000 0001 0001 00000010')),
      /encoding 16/,
    ],
    ['an early end', join(HANDSHAKE, update('0000 0000 0000 0000 ffffff20')), /too early/],
    [
      'a huge pointer',
      join(HANDSHAKE, update('0000 0000 0401 0001 ffffff11')),
      /pointer that is too large/,
    ],
    ['an unknown message', join(HANDSHAKE, hex('09')), /unknown message type 9/],
    ['an endless text', join(HANDSHAKE, hex('03 000000 ffffffff')), /too long/],
  ])('refuses %s', (_, input, message) => {
    expect(() => run(input)).toThrow(RfbError);
    expect(() => run(input, [1])).toThrow(message);
  });

  it('throws nothing but RfbError whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, shaken) => {
        try {
          run(shaken ? join(HANDSHAKE, bytes) : bytes, [7, 1, 30]);
        } catch (error) {
          expect(error).toBeInstanceOf(RfbError);
        }
      }),
      manyRuns(),
    );
  });
});
