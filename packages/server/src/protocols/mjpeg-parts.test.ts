import { describe, expect, it } from 'vitest';
import { MjpegError, MjpegParser } from './mjpeg-parts.ts';

const text = (value: string) => Buffer.from(value, 'latin1');
const part = (body: string, more = '') =>
  `--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}\r\n`;
/** As µStreamer sends it: the boundary of the next part comes with the end of this one. */
const STREAM = text(
  part('one\r\n\r\n--boundarydonotcross', 'X-UStreamer-Width: 640\r\n') +
    part('') +
    part('three') +
    '--boundarydonotcross\r\n',
);
const BODIES = ['one\r\n\r\n--boundarydonotcross', '', 'three'];

const bodies = (parts: readonly { readonly data: Uint8Array }[]) =>
  parts.map(({ data }) => Buffer.from(data).toString('latin1'));

describe('MjpegParser', () => {
  it('cuts a stream into parts with their headers', () => {
    const parts = new MjpegParser().push(STREAM);
    expect(bodies(parts)).toEqual(BODIES);
    expect(parts[0]?.headers.get('x-ustreamer-width')).toBe('640');
  });

  it.each([1, 2, 7, 40])('reads the same in pieces of %i bytes', (size) => {
    const parser = new MjpegParser();
    const parts = [];
    for (let at = 0; at < STREAM.length; at += size) {
      parts.push(...parser.push(STREAM.subarray(at, at + size)));
    }
    expect(bodies(parts)).toEqual(BODIES);
  });

  it.each([
    ['a page', '<html>\r\n\r\n'],
    ['a part without a length', '--b\r\nContent-Type: image/jpeg\r\n\r\n'],
    ['a length that no picture has', '--b\r\nContent-Length: 999999999\r\n\r\n'],
    ['a negative length', '--b\r\nContent-Length: -1\r\n\r\n'],
    ['a head without end', '-'.repeat(20_000)],
  ])('refuses %s', (_what, stream) => {
    expect(() => new MjpegParser().push(text(stream))).toThrow(MjpegError);
  });

  it('throws nothing but its own error, whatever comes', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 500; round += 1) {
      const broken = Buffer.from(STREAM);
      for (let times = random(6); times >= 0; times -= 1) {
        broken[random(broken.length)] = random(256);
      }
      const parser = new MjpegParser();
      try {
        const at = random(broken.length);
        parser.push(broken.subarray(0, at));
        parser.push(broken.subarray(at));
      } catch (error) {
        expect(error).toBeInstanceOf(MjpegError);
      }
    }
  });
});
