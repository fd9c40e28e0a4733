import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines } from './json-lines.ts';

const TEXT = '{"ok": true, "n": 1}\r\n\r\n{"ok": true, "n": 2}\r\n{"ok": false}';
const VALUES = [{ ok: true, n: 1 }, { ok: true, n: 2 }, { ok: false }];

describe('JsonLines', () => {
  it('gives the same values however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length)), (cuts) => {
        const lines = new JsonLines();
        const at = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
        const pieces = at.slice(1).map((end, index) => TEXT.slice(at[index], end));
        const values = pieces.flatMap((piece) => lines.add(piece));
        expect([...values, ...lines.end()]).toEqual(VALUES);
      }),
    );
  });

  it('refuses what is no JSON, and a line without an end', () => {
    expect(() => new JsonLines().add('<html>\n')).toThrow(SyntaxError);
    expect(() => new JsonLines().add('x'.repeat(70_000))).toThrow(SyntaxError);
    const cut = new JsonLines();
    cut.add('{"ok": tr');
    expect(() => cut.end()).toThrow(SyntaxError);
  });
});
