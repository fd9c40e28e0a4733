import { describe, expect, it, vi } from 'vitest';
import { AttemptQueue } from './attempt-queue.ts';

const never = () => new Promise<never>(() => undefined);
const outcome = (attempt: Promise<unknown>) =>
  attempt.then(
    (value) => value,
    (error: Error) => error.message,
  );

describe('an attempt queue', () => {
  it('gives what the task gives, and passes its errors on', async () => {
    const queue = new AttemptQueue({ timeoutMs: 1000 });
    expect(await outcome(queue.run('a', async () => true))).toBe(true);
    expect(await outcome(queue.run('a', () => Promise.reject(new Error('no'))))).toBe('no');
  });

  it('ends an attempt in time, even one that does not listen', async () => {
    const queue = new AttemptQueue({ timeoutMs: 20 });
    let signal: AbortSignal | undefined;
    const attempt = queue.run('a', (given) => {
      signal = given;
      return never();
    });
    expect(await outcome(attempt)).toBe('The answer did not come in time');
    expect(signal?.aborted).toBe(true);
    expect(await outcome(queue.run('a', async () => 1))).toBe(1);
  });

  it('lets others in while the attempts of one user hang', async () => {
    const queue = new AttemptQueue({ timeoutMs: 60_000 });
    const hanging = Array.from({ length: 10 }, () => outcome(queue.run('mallory', never)));
    // 2 are under way, 4 wait, the others were refused at once.
    expect(await Promise.all(hanging.slice(6))).toEqual(
      Array(4).fill('Too many attempts wait for an answer'),
    );
    expect(await outcome(queue.run('alice', async () => 'in'))).toBe('in');
    queue.close();
    expect(new Set(await Promise.all(hanging.slice(0, 6)))).toEqual(
      new Set(['The server is closing']),
    );
  });

  it('starts who waits when a place is free, and the user whose turn it is', async () => {
    const queue = new AttemptQueue({ timeoutMs: 60_000, parallel: 1, parallelPerUser: 1 });
    let finish = (_: string) => {};
    const first = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const order: string[] = [];
    const run = (user: string) =>
      queue.run(user, async () => {
        order.push(user);
      });
    const held = queue.run('a', () => first);
    const rest = [run('a'), run('b'), run('c')];
    finish('done');
    expect(await held).toBe('done');
    await Promise.all(rest);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('gives up waiting in time and keeps the place for others', async () => {
    vi.useFakeTimers();
    try {
      const queue = new AttemptQueue({ timeoutMs: 1000, parallel: 1 });
      const held = outcome(queue.run('a', never));
      await vi.advanceTimersByTimeAsync(500);
      const late = outcome(queue.run('b', async () => 'b'));
      await vi.advanceTimersByTimeAsync(500);
      expect(await held).toBe('The answer did not come in time');
      expect(await late).toBe('b');
      const again = outcome(queue.run('a', never));
      const waits = outcome(queue.run('b', never));
      await vi.advanceTimersByTimeAsync(3000);
      expect([await again, await waits]).toEqual([
        'The answer did not come in time',
        expect.stringMatching(/did not (come|end)/),
      ]);
      expect(await outcome(queue.run('c', async () => 'free'))).toBe('free');
    } finally {
      vi.useRealTimers();
    }
  });
});
