import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MultipartError, MultipartParser, type MultipartPart } from './multipart.ts';

const BODY =
  '--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\nX-Online: true\r\n\r\nfirst\r\n' +
  '--frame\r\ncontent-length:0\r\n\r\n\r\n--frame\r\nContent-Length: 6\r\n\r\na\r\n\r\nb\r\n--frame\r\n';

function parse(text: string, pieceBytes = text.length): MultipartPart[] {
  const parser = new MultipartParser('frame', { maxHeadBytes: 100, maxBodyBytes: 10 });
  const bytes = Buffer.from(text, 'latin1');
  const parts: MultipartPart[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    parts.push(...parser.push(bytes.subarray(at, at + pieceBytes)));
  }
  return parts;
}

const bodies = (parts: readonly MultipartPart[]) => parts.map(({ body }) => body.toString());

describe('a multipart body', () => {
  it('gives its parts, in whatever pieces it comes', () => {
    const parts = parse(BODY);
    expect(bodies(parts)).toEqual(['first', '', 'a\r\n\r\nb']);
    expect([...(parts[0]?.headers ?? [])]).toEqual([
      ['content-type', 'image/jpeg'],
      ['content-length', '5'],
      ['x-online', 'true'],
    ]);
    for (const pieceBytes of [1, 2, 3, 7, 50]) expect(parse(BODY, pieceBytes)).toEqual(parts);
  });

  it('keeps nothing of a part that is too large, or that never ends its head', () => {
    expect(() => parse('--frame\r\nContent-Length: 11\r\n\r\n')).toThrow('more than 10');
    expect(() => parse(`--frame\r\nX: ${'x'.repeat(200)}`, 10)).toThrow('100 bytes of headers');
    expect(() => parse(`--frame\r\nX: ${'x'.repeat(200)}\r\n\r\n`)).toThrow('100 bytes of headers');
  });

  it.each([
    ['--other\r\nContent-Length: 1\r\n\r\n', 'does not begin with --frame'],
    ['--frame\r\nContent-Type: image/jpeg\r\n\r\n', 'does not tell its length'],
    ['--frame\r\nContent-Length: -1\r\n\r\n', 'does not tell its length'],
    ['--frame\r\nno header\r\n\r\n', 'without a name'],
    ['--frame\r\nContent-Length: 1\r\n\r\nab\r\n--frame\r\n\r\n', 'does not begin with'],
  ])('is refused: %j', (text, why) => {
    expect(() => parse(text)).toThrow(why);
  });

  it('throws nothing but its own error', () => {
    const pieces = fc.array(fc.constantFrom('--frame', '\r\n', 'Content-Length: 3', ':', 'abc'));
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          try {
            parse(text, 3);
          } catch (error) {
            expect(error).toBeInstanceOf(MultipartError);
          }
        },
      ),
    );
  });
});
