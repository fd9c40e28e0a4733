import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSsha512 } from '../hashes/ssha.ts';
import {
  hasUserLine,
  parseHtpasswd,
  validUserName,
  withoutUser,
  withUser,
} from './htpasswd-file.ts';

const HASH = newSsha512('admin');

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constant(`admin:${HASH}`),
        fc.constant('# comment'),
        fc.constant('admin:plain\r'),
        fc.string({ unit: 'grapheme' }),
        fc.string().map((text) => `bob:${text}`),
      ),
    )
    .map((lines) => lines.join('\n')),
);

describe('parseHtpasswd', () => {
  it('uses good lines, and says of each bad one where it is and why, without its hash', () => {
    const text = [
      '# users',
      `admin:${HASH}\r`,
      'plain:hunter2',
      '',
      'nocolon',
      `Bad User:${HASH}`,
      `admin:${HASH}`,
      'broken:{SSHA512}hunter2',
      `bob:${HASH}`,
    ].join('\n');
    const { users, problems } = parseHtpasswd(text);
    expect([...users.keys()]).toEqual(['admin', 'bob']);
    expect(problems.map(({ line }) => line)).toEqual([3, 5, 6, 7, 8]);
    expect(problems[0]?.problem).toContain('plain text');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('never throws, and lists only users that the API can name', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const name of parseHtpasswd(text).users.keys()) {
          expect(validUserName(name)).toBe(name);
        }
      }),
    );
  });
});

describe('editing', () => {
  it('changes the lines of one user and nothing else', () => {
    const text = '# a\nadmin:old\n\nbob:x';
    expect(withUser(text, 'admin', 'new')).toBe('# a\nadmin:new\n\nbob:x');
    expect(withUser(text, 'eve', 'new')).toBe('# a\nadmin:old\n\nbob:x\neve:new\n');
    expect(withUser('', 'eve', 'new')).toBe('eve:new\n');
    expect(withoutUser(text, 'admin')).toBe('# a\n\nbob:x');
  });

  it('leaves exactly the wanted line, whatever the file was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const set = withUser(text, 'admin', HASH);
        expect(parseHtpasswd(set).users.get('admin')?.text).toBe(HASH);
        expect(hasUserLine(withoutUser(set, 'admin'), 'admin')).toBe(false);
        expect(withoutUser(set, 'admin').trimEnd()).toBe(withoutUser(text, 'admin').trimEnd());
      }),
    );
  });
});
