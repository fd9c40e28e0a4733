import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { StateCell, until } from '../../core/state.ts';
import { QemuHid } from './hid.ts';
import type { QemuLink } from './link.ts';
import type { QmpClient } from './qmp-client.ts';

const POLL_MS = 8;
const limit = () => AbortSignal.timeout(10_000);

interface KeyEvent {
  readonly data: { readonly down: boolean; readonly key: { readonly data: string } };
}

/** QEMU's usb-kbd: 16 scan codes wait, one is taken by each poll, what is more is dropped and told. */
class Keyboard implements QemuLink {
  readonly client = new StateCell<QmpClient | undefined>(undefined);
  readonly runState = new StateCell('running');
  readonly failure = new StateCell<string | undefined>(undefined);
  readonly logFile: string;
  /** What the guest has got: `+a -a`. */
  readonly got = new StateCell<readonly string[]>([]);
  dropped = 0;
  commands = 0;
  readonly #waiting: (string | undefined)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(logFile: string) {
    this.logFile = logFile;
    writeFileSync(logFile, '');
    const execute = async () => ({});
    this.client.set({ execute } as unknown as QmpClient);
  }

  async execute(_command: string, args?: object): Promise<unknown> {
    this.commands += 1;
    for (const { data } of (args as { events: readonly KeyEvent[] }).events) {
      const name = data.key.data;
      const codes = [...(name === 'alt_r' ? [undefined] : []), `${data.down ? '+' : '-'}${name}`];
      if (this.#waiting.length + codes.length <= 16) {
        this.#waiting.push(...codes);
        continue;
      }
      this.dropped += 1;
      appendFileSync(this.logFile, '42@1795439524.754042:hid_kbd_queue_full queue full\n');
    }
    return {};
  }

  /** The guest polls from now on, but stands still after each `count` polls for `pauseMs`. */
  poll(count: number, pauseMs: number): void {
    let left = count;
    const next = () => {
      const code = this.#waiting.shift();
      if (code !== undefined) this.got.set([...this.got.value, code]);
      left -= 1;
      this.#timer = setTimeout(next, left > 0 ? POLL_MS : pauseMs);
      if (left === 0) left = count;
    };
    next();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

let directory: string;
let keyboard: Keyboard;
let hid: QemuHid;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'qemu-hid-'));
  keyboard = new Keyboard(join(directory, 'qemu.log'));
  hid = new QemuHid(keyboard, silentLog);
});
afterEach(async () => {
  await hid[Symbol.asyncDispose]();
  keyboard.close();
  rmSync(directory, { recursive: true });
});

function click(key: 'KeyA' | 'KeyB' | 'AltRight'): void {
  hid.key(key, true);
  hid.key(key, false);
}

describe('keys', () => {
  test('come in order and none is lost, however the guest stands still', async () => {
    keyboard.poll(20, 250);
    const wanted: string[] = [];
    for (let index = 0; index < 60; index++) {
      const isAltGr = index % 7 === 0;
      click(isAltGr ? 'AltRight' : index % 2 ? 'KeyA' : 'KeyB');
      const name = isAltGr ? 'alt_r' : index % 2 ? 'a' : 'b';
      wanted.push(`+${name}`, `-${name}`);
    }
    await until(keyboard.got, ({ length }) => length >= wanted.length, limit());
    expect(keyboard.got.value).toEqual(wanted);
    expect(keyboard.dropped).toBeGreaterThan(0);
  });

  test('that are pressed and released at once go together', async () => {
    keyboard.poll(1000, POLL_MS);
    click('KeyA');
    await until(keyboard.got, ({ length }) => length === 2, limit());
    expect(keyboard.commands).toBe(1);
    hid.key('KeyB', true);
    await until(keyboard.got, ({ length }) => length === 3, limit());
    hid.key('KeyB', false);
    await until(keyboard.got, ({ length }) => length === 4, limit());
    expect(keyboard.commands).toBe(3);
  });

  test('of a guest that reads none do not wait for ever, and none stays down', async () => {
    for (let index = 0; index < 7; index++) click('KeyA');
    hid.key('KeyB', true);
    // Of this one only the press finds room.
    click('KeyA');
    hid.key('KeyB', false);
    await hid.drained(0, limit());
    expect(hid.ready).toBe(false);
    keyboard.poll(1000, POLL_MS);
    const isUp = (got: readonly string[], key: string) =>
      got.lastIndexOf(`-${key}`) > got.lastIndexOf(`+${key}`);
    await until(
      keyboard.got,
      (got) => got.includes('+b') && isUp(got, 'b') && isUp(got, 'a'),
      limit(),
    );
    expect(hid.ready).toBe(true);
  });
});
