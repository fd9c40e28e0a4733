import { describe, expect, it } from 'vitest';
import { RefusedError } from '../api.ts';
import type { StorageFacts } from '../state/refusal.ts';
import { type Progress, type Sender, type Transfer, TransferQueue } from './transfers.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const file = (name: string, size = 10) => ({
  ...{ source: { kind: 'file', file: new File([new Uint8Array(size)], name) } as const, name },
});

/** A server that does what the test says. */
class FakeSender implements Sender {
  readonly sent: string[] = [];
  readonly removed: string[] = [];
  storage: StorageFacts = { existing: undefined, free: undefined };
  nowMs = 0;
  report: (progress: Progress) => void = () => undefined;
  finish: () => void = () => undefined;
  refuse: (error: unknown) => void = () => undefined;
  free: () => void = () => undefined;
  isFree = true;

  send({ name }: Transfer, report: (progress: Progress) => void, signal: AbortSignal) {
    this.sent.push(name);
    this.report = report;
    return new Promise<void>((resolve, reject) => {
      this.finish = resolve;
      this.refuse = reject;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  ready(signal: AbortSignal) {
    return new Promise<void>((resolve, reject) => {
      this.free = resolve;
      if (this.isFree) resolve();
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  facts = () => this.storage;
  now = () => this.nowMs;

  async remove(name: string) {
    this.removed.push(name);
    this.storage = { ...this.storage, existing: undefined };
  }
}

const rig = () => {
  const sender = new FakeSender();
  const queue = new TransferQueue(sender);
  const states = () => queue.list.value.map(({ state }) => state.kind);
  const only = () => queue.list.value[0] as Transfer;
  return { sender, queue, states, only };
};

describe('TransferQueue', () => {
  it('sends one after another, in their order', async () => {
    const { sender, queue, states } = rig();
    queue.add([file('a'), file('b')]);
    await settled();
    expect(states()).toEqual(['running', 'waiting']);
    expect(sender.sent).toEqual(['a']);
    queue.add([file('c')]);
    for (const _ of [1, 2, 3]) {
      sender.finish();
      await settled();
    }
    expect(sender.sent).toEqual(['a', 'b', 'c']);
    expect(states()).toEqual(['done', 'done', 'done']);
  });

  it('waits until the server can take one', async () => {
    const { sender, queue, states } = rig();
    sender.isFree = false;
    queue.add([file('a')]);
    await settled();
    expect(states()).toEqual(['waiting']);
    sender.free();
    await settled();
    expect(states()).toEqual(['running']);
  });

  it('goes on with the next when one is refused or cancelled', async () => {
    const { sender, queue, states } = rig();
    queue.add([file('a'), file('b'), file('c')]);
    await settled();
    sender.refuse(new RefusedError(507, 'MsdStorageFullError', ''));
    await settled();
    expect(states()).toEqual(['failed', 'running', 'waiting']);
    queue.cancel((queue.list.value[1] as Transfer).id);
    await settled();
    expect(sender.sent).toEqual(['a', 'b', 'c']);
    expect(states()).toEqual(['failed', 'running']);
  });

  it('leaves out one that is cancelled before its turn', async () => {
    const { sender, queue } = rig();
    queue.add([file('a'), file('b'), file('c')]);
    await settled();
    queue.cancel((queue.list.value[1] as Transfer).id);
    sender.finish();
    await settled();
    expect(sender.sent).toEqual(['a', 'c']);
  });

  it('tells progress and speed, though not more often than it can be read', async () => {
    const { sender, queue, only } = rig();
    queue.add([file('a', 4_000)]);
    await settled();
    const at = (ms: number, done: number) => {
      sender.nowMs = ms;
      sender.report({ done, total: 4_000 });
      return only().state;
    };
    expect(at(100, 100)).toMatchObject({ done: 0, total: 4_000, speed: undefined });
    expect(at(1_000, 1_000)).toMatchObject({ done: 1_000, speed: 1_000 });
    expect(at(1_100, 1_100)).toMatchObject({ done: 1_000 });
    expect(at(1_101, 4_000)).toMatchObject({ done: 4_000 });
  });

  it('takes the name that the server gives', async () => {
    const { sender, queue, only } = rig();
    queue.add([{ source: { kind: 'url', url: 'http://x/y' }, name: '' }]);
    await settled();
    sender.report({ done: 0, total: 5, name: 'real.iso' });
    expect(only()).toMatchObject({ name: 'real.iso', state: { total: 5 } });
  });

  it('sends nothing that will be refused, and sends it under another name', async () => {
    const { sender, queue, only, states } = rig();
    sender.storage = { existing: { complete: true }, free: 100 };
    queue.add([file('a.iso')]);
    await settled();
    expect(only().state).toMatchObject({ kind: 'failed', refusal: { remedy: 'rename' } });
    sender.storage = { existing: undefined, free: 100 };
    queue.retry(only().id, 'a-2.iso');
    await settled();
    expect(sender.sent).toEqual(['a-2.iso']);
    expect(states()).toEqual(['running']);
  });

  it('replaces what a broken upload left', async () => {
    const { sender, queue, only } = rig();
    sender.storage = { existing: { complete: false }, free: 100 };
    queue.add([file('a.iso')]);
    await settled();
    expect(only().state).toMatchObject({ kind: 'failed', refusal: { remedy: 'replace' } });
    await queue.replace(only().id);
    await settled();
    expect(sender.removed).toEqual(['a.iso']);
    expect(sender.sent).toEqual(['a.iso']);
  });
});
