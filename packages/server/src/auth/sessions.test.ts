import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sessions } from './sessions.ts';

const ADDRESS = '192.0.2.1';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(options: { maxExpireS?: number; extend?: boolean; maxPerUser?: number } = {}) {
  const now = () => performance.now();
  return new Sessions({ maxExpireS: 0, extend: false, maxPerUser: 3, now, ...options });
}

describe('Sessions', () => {
  it('ends at its time and tells those who wait', () => {
    const sessions = open();
    const session = sessions.find(sessions.start('admin', 2, ADDRESS));
    vi.advanceTimersByTime(1999);
    expect(session?.ended.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(session?.ended.aborted).toBe(true);
  });

  it.each([
    [0, 0, undefined],
    [60, 0, 60],
    [0, 3, 3],
    [60, 3, 3],
    [1, 3, 1],
    [Number.MAX_SAFE_INTEGER + 1, 0, undefined],
  ])('of %d s lasts, with a maximum of %d, %s s', (expireS, maxExpireS, expected) => {
    const sessions = open({ maxExpireS });
    sessions.start('admin', expireS, ADDRESS);
    expect(sessions.list().map((one) => one.expiresInS)).toEqual([expected]);
  });

  it('lives for months where asked, longer than one timer can', () => {
    const sessions = open();
    const days60 = 60 * 86_400;
    const token = sessions.start('admin', days60, ADDRESS);
    vi.advanceTimersByTime((days60 - 1) * 1000);
    const session = sessions.find(token);
    expect(session?.ended.aborted).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(session?.ended.aborted).toBe(true);
  });

  it('is neither ended nor revived when the wall clock jumps', () => {
    const sessions = open();
    const token = sessions.start('admin', 2, ADDRESS);
    vi.setSystemTime(Date.now() + 10 * 365 * 86_400_000);
    expect(sessions.find(token)).toBeDefined();
    vi.advanceTimersByTime(2000);
    vi.setSystemTime(0);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('is kept by an open WebSocket with extend, and has its full time after the last', () => {
    const sessions = open({ extend: true });
    const token = sessions.start('admin', 3, ADDRESS);
    const release = [sessions.hold(token), sessions.hold(token)];
    vi.advanceTimersByTime(10_000);
    release[0]?.();
    release[0]?.();
    vi.advanceTimersByTime(10_000);
    expect(sessions.list()[0]?.expiresInS).toBeUndefined();
    release[1]?.();
    vi.advanceTimersByTime(2999);
    expect(sessions.find(token)).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('is not kept by an open WebSocket without extend', () => {
    const sessions = open();
    const token = sessions.start('admin', 3, ADDRESS);
    sessions.hold(token);
    vi.advanceTimersByTime(3000);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('makes room by ending the oldest of the same user', () => {
    const sessions = open();
    const other = sessions.start('other', 0, ADDRESS);
    const tokens = Array.from({ length: 100 }, () => sessions.start('admin', 0, ADDRESS));
    expect(sessions.list()).toHaveLength(4);
    expect(tokens.map((token) => sessions.find(token) !== undefined).slice(96)).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(sessions.find(other)).toBeDefined();
  });

  it('can be revoked by the name that the list gives', () => {
    const sessions = open();
    const token = sessions.start('admin', 0, ADDRESS);
    const session = sessions.find(token);
    const [info] = sessions.list();
    expect(JSON.stringify(info)).not.toContain(token);
    expect(sessions.idOf(token)).toBe(info?.id);
    sessions.revoke(info?.id ?? '');
    expect(session?.ended.aborted).toBe(true);
    expect(sessions.list()).toEqual([]);
  });

  it('tells when, from where and by how many it is used', () => {
    vi.setSystemTime(1_000_000);
    const sessions = open();
    const token = sessions.start('admin', 0, ADDRESS, 'curl/8');
    vi.advanceTimersByTime(5000);
    sessions.use(token, '192.0.2.7');
    const released = [sessions.hold(token), sessions.hold(token), sessions.stream(token)];
    expect(sessions.list()).toMatchObject([
      {
        ...{ user: 'admin', agent: 'curl/8', address: ADDRESS, startedAtMs: 1_000_000 },
        ...{ usedAddress: '192.0.2.7', usedAtMs: 1_005_000, sockets: 2, streams: 1 },
      },
    ]);
    for (const release of [...released, ...released]) release();
    expect(sessions.list()).toMatchObject([{ sockets: 0, streams: 0 }]);
  });

  it.each([
    ['Firefox\u00e9\n/1', 'Firefox??/1'],
    ['x'.repeat(100_000), 'x'.repeat(200)],
    [`me ${'0aB9'.repeat(16)}`, 'me [hidden]'],
  ])('keeps of a client that calls itself %j only what can be shown', (agent, kept) => {
    const sessions = open();
    sessions.start('admin', 0, ADDRESS, agent);
    expect(sessions.list()[0]?.agent).toBe(kept);
  });
});
