import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CH9329_INFO,
  CH9329_RESET,
  type Ch9329Frame,
  Ch9329Reader,
  ch9329AbsoluteMouse,
  ch9329Answer,
  ch9329Keyboard,
  ch9329RelativeMouse,
  encodeCh9329,
  MAX_CH9329_DATA,
} from './ch9329.ts';
import { HidMouse } from './hid-mouse.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const plain = ({ command, data }: Ch9329Frame) => ({ command, data: hex(data) });

const frame = fc.record({
  command: fc.integer({ min: 0, max: 255 }),
  data: fc.uint8Array({ maxLength: MAX_CH9329_DATA }),
});

describe('requests', () => {
  const mouse = (kind: 'absolute' | 'relative') => new HidMouse({ kind, horizontalWheel: false });
  const press = (one: HidMouse) => one.button('left', true).at(-1) ?? new Uint8Array();

  it.each([
    ['info', CH9329_INFO, '57 AB 00 01 00 03'],
    ['reset', CH9329_RESET, '57 AB 00 0F 00 11'],
    ['A', ch9329Keyboard(bytes('00 00 04 00 00 00 00 00')), '57AB000208000004000000000010'],
    ['all up', ch9329Keyboard(new Uint8Array(8)), '57AB00020800000000000000000C'],
  ])('%s', (_what, request, golden) => {
    expect(hex(request)).toBe(golden.replaceAll(' ', '').toLowerCase());
  });

  it('an absolute mouse has the whole screen, 0 to 4095', () => {
    const absolute = mouse('absolute');
    absolute.move(0, 0);
    expect(hex(ch9329AbsoluteMouse(press(absolute)))).toBe(
      '57ab000407020100080008 0020'.replace(' ', ''),
    );
    const at = (x: number, y: number) =>
      hex(ch9329AbsoluteMouse(absolute.move(x, y))).slice(14, 22);
    expect(at(-32_768, 32_767)).toBe('0000ff0f');
    expect(at(32_767, -32_768)).toBe('ff0f0000');
  });

  it('a relative mouse has its steps in twos complement', () => {
    const relative = mouse('relative');
    expect(hex(ch9329RelativeMouse(relative.moveBy(4, -4)))).toBe('57ab000505010004fc000d');
    expect(hex(ch9329RelativeMouse(relative.wheel(0, -1)))).toBe(
      '57ab000505010000 00ff0c'.replace(' ', ''),
    );
    expect(hex(ch9329RelativeMouse(press(relative)))).toBe(
      '57ab000505010100 00000e'.replace(' ', ''),
    );
  });
});

describe('answers', () => {
  const keyboard = ch9329Keyboard(new Uint8Array(8));
  const answer = (request: Uint8Array, reply: string) => {
    const [found] = new Ch9329Reader().push(bytes(reply));
    return found && ch9329Answer(request, found);
  };

  it('tell the computer and its lights', () => {
    const info = (leds: string, sum: string) =>
      answer(CH9329_INFO, `57ab008108 31 01 ${leds} 00 00 00 00 00 ${sum}`);
    const none = { num: false, caps: false, scroll: false };
    expect(info('00', 'bd')).toEqual({ kind: 'info', connected: true, leds: none });
    expect(info('05', 'c2')).toMatchObject({ leds: { num: true, caps: false, scroll: true } });
    expect(info('02', 'bf')).toMatchObject({ leds: { num: false, caps: true, scroll: false } });
    expect(answer(CH9329_INFO, '57ab008108 31 00 00 00 00 00 00 00 bc')).toMatchObject({
      connected: false,
    });
  });

  it.each([
    ['57ab00820100 85', { kind: 'done' }],
    ['57ab00c201e4 a9', { kind: 'again' }],
    ['57ab00c201e6 ab', { kind: 'not-taken' }],
    ['57ab00c201e3 a8', { kind: 'refused', status: 0xe3 }],
    ['57ab008201e5 6a', { kind: 'refused', status: 0xe5 }],
    ['57ab00840100 87', undefined],
  ])('%s is %o', (reply, found) => {
    expect(answer(keyboard, reply)).toEqual(found);
  });
});

describe('the reader', () => {
  it('gives the same whatever pieces the bytes come in', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 4 }), (frames) => {
        const stream = Buffer.concat(frames.map(encodeCh9329));
        const reader = new Ch9329Reader();
        const single = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
        expect(single.map(plain)).toEqual(frames.map(plain));
        expect(new Ch9329Reader().push(stream).map(plain)).toEqual(frames.map(plain));
      }),
    );
  });

  it('finds a frame after any garbage that has an end, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), frame, (garbage, last) => {
        const reader = new Ch9329Reader();
        reader.push(garbage);
        // What garbage began as a frame is complete after as many bytes as a frame can have.
        reader.push(new Uint8Array(MAX_CH9329_DATA + 6));
        expect(reader.push(encodeCh9329(last)).map(plain)).toEqual([plain(last)]);
      }),
    );
  });

  it.each([
    ['a wrong sum', '57ab00820100 86'],
    ['a length that no frame has', '57ab0082 41'],
    ['a head that another begins in', '57'],
    ['a head of another address', '57ab01'],
    ['a lonely half of a head', 'ab 00 57 00'],
  ])('skips %s', (_what, garbage) => {
    const reader = new Ch9329Reader();
    const found = reader.push(bytes(`${garbage} 57ab00820100 85`));
    expect(found.map(plain)).toEqual([{ command: 0x82, data: '00' }]);
  });
});
