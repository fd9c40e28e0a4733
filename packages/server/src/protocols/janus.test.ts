import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JANUS_MAX_BYTES, JanusError, janusError, parseJanus } from './janus.ts';

const parse = (message: object) => parseJanus(JSON.stringify(message));
const PLACE = { transaction: 't', session_id: 1, handle_id: 2 };
const READ = { transaction: 't', session: 1, handle: 2 };

it('reads the verbs', () => {
  expect(parse({ janus: 'create', transaction: 't' })).toEqual({
    verb: 'create',
    transaction: 't',
  });
  expect(parse({ janus: 'attach', ...PLACE, plugin: 'janus.plugin.ustreamer' })).toEqual({
    ...{ verb: 'attach', transaction: 't', session: 1, plugin: 'janus.plugin.ustreamer' },
  });
  expect(parse({ janus: 'detach', ...PLACE })).toEqual({ verb: 'detach', ...READ });
  const jsep = { type: 'answer', sdp: 'v=0', e2ee: false };
  expect(parse({ janus: 'message', ...PLACE, body: { request: 'start' }, jsep })).toEqual({
    ...{ verb: 'message', ...READ, body: { request: 'start' } },
    jsep: { type: 'answer', sdp: 'v=0' },
  });
});

it('reads candidates, one or many, and leaves out the sign of the end', () => {
  const candidate = { candidate: 'candidate:1', sdpMid: 'v', sdpMLineIndex: 0 };
  const read = [{ candidate: 'candidate:1', mid: 'v' }];
  expect(parse({ janus: 'trickle', ...PLACE, candidate })).toMatchObject({ candidates: read });
  const candidates = [candidate, { completed: true }];
  expect(parse({ janus: 'trickle', ...PLACE, candidates })).toMatchObject({ candidates: read });
  expect(parse({ janus: 'trickle', ...PLACE, candidate: { completed: true } })).toMatchObject({
    candidates: [],
  });
});

it.each<[string | object, number]>([
  ['{', 454],
  ['x'.repeat(JANUS_MAX_BYTES + 1), 454],
  ['[]', 455],
  [{ janus: 'create' }, 456],
  [{ transaction: 't' }, 456],
  [{ janus: 'create', transaction: 1 }, 467],
  [{ janus: 'dance', transaction: 't' }, 453],
  [{ janus: 'keepalive', transaction: 't' }, 457],
  [{ janus: 'message', ...PLACE, handle_id: 'x', body: {} }, 467],
  [{ janus: 'message', ...PLACE }, 456],
  [{ janus: 'message', ...PLACE, body: {}, jsep: { type: 'answer' } }, 456],
  [{ janus: 'attach', ...PLACE }, 456],
  [{ janus: 'trickle', ...PLACE }, 456],
])('tells what is wrong: %j', (message, code) => {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  expect(() => parseJanus(text)).toThrow(expect.objectContaining({ code }));
});

it('keeps the transaction of what it does not understand', () => {
  expect(() => parse({ janus: 'dance', transaction: 't' })).toThrow(
    expect.objectContaining({ transaction: 't', message: 'Unknown request (dance)' }),
  );
  expect(janusError(458, 'Session not found', 't', 9)).toEqual({
    ...{ janus: 'error', session_id: 9, transaction: 't' },
    error: { code: 458, reason: 'Session not found' },
  });
});

it('throws nothing but its own error', () => {
  const verb = fc.constantFrom('create', 'attach', 'message', 'trickle', 'detach', 'keepalive');
  const record = fc.record(
    {
      ...{ janus: verb, transaction: fc.oneof(fc.string(), fc.jsonValue()) },
      ...{ session_id: fc.oneof(fc.nat(), fc.jsonValue()), handle_id: fc.oneof(fc.nat()) },
      ...{ body: fc.jsonValue(), jsep: fc.jsonValue(), candidate: fc.jsonValue() },
      ...{ candidates: fc.jsonValue(), plugin: fc.jsonValue() },
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    record.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        parseJanus(given);
      } catch (error) {
        expect(error).toBeInstanceOf(JanusError);
      }
    }),
    { numRuns: 1000 },
  );
});
