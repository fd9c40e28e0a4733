import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeQmpCommand, type QmpMessage, QmpParser, QmpProtocolError } from './qmp.ts';

const SESSION = Buffer.from(
  [
    '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "x"}, "capabilities": ["oob"]}}\r',
    '{"return": {}, "id": 1}\r',
    '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": false, "reason": "ü"}}\r',
    '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}\r',
    '{"id": 2, "error": {"class": "GenericError", "desc": "no such device"}}\r',
    '',
  ].join('\n'),
);

const MESSAGES: readonly QmpMessage[] = [
  { type: 'greeting', version: '7.2.22' },
  { type: 'return', id: 1, value: {} },
  { type: 'event', event: { name: 'RESET', data: { guest: false, reason: 'ü' } } },
  { type: 'event', event: { name: 'STOP', data: {} } },
  { type: 'error', id: 2, errorClass: 'GenericError', description: 'no such device' },
];

describe('QMP', () => {
  it('reads a session', () => {
    expect([...new QmpParser().push(SESSION)]).toEqual(MESSAGES);
  });

  it('reads a session one byte at a time', () => {
    const parser = new QmpParser();
    const messages = [...SESSION].flatMap((byte) => [...parser.push(Uint8Array.of(byte))]);
    expect(messages).toEqual(MESSAGES);
  });

  it('writes a command as one line', () => {
    expect(encodeQmpCommand('cont', undefined, 7)).toBe('{"execute":"cont","id":7}\n');
    const line = encodeQmpCommand('x', { text: 'a\nb' }, 8);
    expect(line).toBe('{"execute":"x","arguments":{"text":"a\\nb"},"id":8}\n');
  });

  it('refuses a line that does not end', () => {
    const parser = new QmpParser(100);
    const feed = () => {
      for (let i = 0; i < 11; i++) [...parser.push(Buffer.alloc(10, 'a'))];
    };
    expect(feed).toThrow(/too long/);
  });

  it.each(['[]', '1', 'null', '{', '{"id": 1}', '{"error": 5}'])('refuses %s', (line) => {
    expect(() => [...new QmpParser().push(Buffer.from(`${line}\n`))]).toThrow(QmpProtocolError);
  });

  it('throws nothing but its own error, whatever comes', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((json) => Buffer.from(`${json}\n`)),
    );
    fc.assert(
      fc.property(fc.array(anything), (chunks) => {
        const parser = new QmpParser(1000);
        try {
          for (const chunk of chunks) [...parser.push(chunk)];
        } catch (error) {
          expect(error).toBeInstanceOf(QmpProtocolError);
        }
      }),
    );
  });
});
