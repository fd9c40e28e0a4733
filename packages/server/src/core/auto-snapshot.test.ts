import { KvmError } from '@crashcart/api';
import { afterEach, describe, expect, it } from 'vitest';
import { AutoSnapshot, type AutoSnapshotOptions } from './auto-snapshot.ts';
import { silentLog } from './log.ts';
import { StateCell, until } from './state.ts';

const OPTIONS: AutoSnapshotOptions = {
  ...{ idleMs: 60_000, liveMs: 10_000, wakeupKey: 'ShiftLeft', wakeupMove: 7 },
  ...{ onlineDelayMs: 5000, tries: 3, retryDelayMs: 3000 },
};

/** One that waits as long as the test says, and notes what it does. */
class Rig {
  readonly notes = new StateCell<readonly string[]>([]);
  readonly viewers = new StateCell(0);
  failures = 0;
  readonly auto: AutoSnapshot;
  #pass: (() => void) | undefined;

  constructor(options: Partial<AutoSnapshotOptions> = {}) {
    this.auto = new AutoSnapshot(
      { ...OPTIONS, ...options },
      {
        hid: {
          wake: async (key, move) => this.#note(`wake ${key} ${move}`),
        },
        streamer: {
          viewers: this.viewers,
          keep: () => {
            this.#note('keep');
            return () => this.#note('release');
          },
        },
        take: async () => {
          this.failures -= 1;
          this.#note(this.failures < 0 ? 'saved' : 'nothing');
          if (this.failures >= 0) throw new KvmError('UnavailableError');
        },
        log: silentLog,
        sleep: (ms, signal) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            this.#pass = resolve;
            this.#note(`wait ${ms}`);
          }),
      },
    );
  }

  /** Lets the time pass that it waits for. */
  pass(): void {
    this.#pass?.();
  }

  /** Resolves with the notes since the last time, when the last of them is this. */
  async until(last: string): Promise<readonly string[]> {
    const notes = await until(this.notes, (all) => all.at(-1) === last);
    this.notes.set([]);
    return notes;
  }

  #note(text: string): void {
    this.notes.set([...this.notes.value, text]);
  }
}

describe('automatic snapshots', () => {
  let rig: Rig;
  afterEach(() => rig.auto.close());

  it('starts the streamer and wakes the machine while nobody watches', async () => {
    rig = new Rig();
    await rig.until('wait 60000');
    rig.pass();
    expect(await rig.until('wait 5000')).toEqual(['keep', 'wake ShiftLeft 7', 'wait 5000']);
    rig.pass();
    expect(await rig.until('wait 60000')).toEqual(['saved', 'release', 'wait 60000']);
  });

  it('leaves the machine alone while somebody watches, and takes the other time', async () => {
    rig = new Rig();
    await rig.until('wait 60000');
    rig.viewers.set(1);
    await rig.until('wait 10000');
    rig.viewers.set(2);
    rig.pass();
    expect(await rig.until('wait 10000')).toEqual(['keep', 'saved', 'release', 'wait 10000']);
    rig.viewers.set(0);
    await rig.until('wait 60000');
  });

  it('tries as often as told, then waits for the next time', async () => {
    rig = new Rig({ idleMs: 0, tries: 2 });
    rig.viewers.set(1);
    await rig.until('wait 10000');
    rig.failures = 2;
    rig.pass();
    expect(await rig.until('wait 3000')).toEqual(['keep', 'nothing', 'wait 3000']);
    rig.pass();
    expect(await rig.until('wait 10000')).toEqual(['nothing', 'release', 'wait 10000']);
    rig.failures = 1;
    rig.pass();
    await rig.until('wait 3000');
    rig.pass();
    expect(await rig.until('wait 10000')).toEqual(['saved', 'release', 'wait 10000']);
  });

  it('does nothing where its time is 0', async () => {
    rig = new Rig({ idleMs: 0, liveMs: 0 });
    rig.viewers.set(1);
    await rig.auto.close();
    expect(rig.notes.value).toEqual([]);
    rig = new Rig({ liveMs: 0 });
    await rig.until('wait 60000');
    rig.viewers.set(1);
    rig.viewers.set(0);
    await rig.until('wait 60000');
  });

  it('gives up at once when it ends, and lets the streamer go', async () => {
    rig = new Rig();
    await rig.until('wait 60000');
    rig.pass();
    await rig.until('wait 5000');
    await rig.auto.close();
    expect(rig.notes.value).toEqual(['release']);
  });
});
