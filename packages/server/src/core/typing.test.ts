import { readFileSync } from 'node:fs';
import type { KeyName } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type HidCall, NullHidDriver } from '../../test/fakes/null-hid-driver.ts';
import { keyCodes } from '../protocols/keys.ts';
import { Hid, type PrintOptions } from './hid.ts';
import { silentLog } from './log.ts';
import { sleep } from './sleep.ts';
import { until } from './state.ts';

vi.mock('./sleep.ts', { spy: true });

let driver: NullHidDriver;
let hid: Hid;
let leaving: AbortController;

beforeEach(() => {
  driver = new NullHidDriver();
  hid = new Hid({ driver, log: silentLog });
  leaving = new AbortController();
});
afterEach(() => {
  hid.close();
  vi.mocked(sleep).mockReset();
});

function print(text: string, options: Partial<PrintOptions> = {}): Promise<void> {
  const { signal } = leaving;
  return hid.print(text, { limit: 0, slow: false, delayMs: 0, signal, ...options });
}

/** The key events as text: `+KeyA -KeyA`. */
function taken(): string {
  const events = driver.taken().filter(([name]) => name === 'key');
  return events.map(([, key, pressed]) => `${pressed ? '+' : '-'}${key}`).join(' ');
}

/** The keys that are down after all of these calls. */
function downAfter(calls: readonly HidCall[]): readonly unknown[] {
  const down = new Set<unknown>();
  for (const [name, key, pressed] of calls) {
    if (name === 'key') pressed ? down.add(key) : down.delete(key);
  }
  return [...down];
}

function setCapsLock(caps: boolean): void {
  const { keyboard } = driver.state.value;
  driver.state.patch({ keyboard: { ...keyboard, leds: { ...keyboard.leds, caps } } });
}

describe('typing', () => {
  test('keeps Shift over runs and releases it at the end', async () => {
    await print('aBC!d');
    expect(taken()).toBe(
      '+KeyA -KeyA +ShiftLeft +KeyB -KeyB +KeyC -KeyC +Digit1 -Digit1 -ShiftLeft +KeyD -KeyD',
    );
    await print('X');
    expect(taken()).toBe('+ShiftLeft +KeyX -KeyX -ShiftLeft');
  });

  test('skips what the layout cannot type, and counts it', async () => {
    const told: unknown[] = [];
    hid.printing.subscribe((state) => told.push(state));
    await print('a中\u0001\u001bb');
    expect(taken()).toBe('+KeyA -KeyA +KeyB -KeyB');
    const text = { total: 5, keymap: 'en-us' };
    expect(told).toEqual([
      { ...text, active: true, written: 0, skipped: 0 },
      { ...text, active: false, written: 5, skipped: 3 },
    ]);
  });

  test('takes the layout that it is told, or the default one', async () => {
    const german = new Hid({ driver, log: silentLog, keymap: 'de' });
    await german.print('z', { limit: 0, slow: false, delayMs: 0, signal: leaving.signal });
    expect(taken()).toBe('+KeyY -KeyY');
    expect(german.keymaps.value.keymaps.default).toBe('de');
    german.close();
    await expect(print('a', { keymap: 'nope' })).rejects.toThrow(
      "The argument 'nope' is not a valid keymap",
    );
  });

  test('says what a layout can type', async () => {
    expect(await hid.keymapCharacters('ru')).toMatchObject({
      keymap: 'ru',
      characters: expect.stringContaining('Ы'),
      replaced: expect.stringContaining('“'),
      by_position: expect.stringContaining('q'),
    });
    expect((await hid.keymapCharacters()).keymap).toBe('en-us');
  });

  test('is refused while another text is typed', async () => {
    const first = print('a', { delayMs: 20 });
    await expect(print('b')).rejects.toMatchObject({ name: 'HidIsBusyError' });
    await first;
    expect(taken()).toBe('+KeyA -KeyA');
  });

  test('is refused by a device that takes no keys, and ends when it stops taking them', async () => {
    driver.ready = false;
    await expect(print('a')).rejects.toMatchObject({ name: 'UnavailableError' });
    driver.ready = true;
    const typing = print('aB'.repeat(100), { delayMs: 1 });
    setTimeout(() => {
      driver.ready = false;
    }, 20);
    await expect(typing).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(hid.printing.value).toMatchObject({ active: false, total: 200 });
    expect(hid.printing.value.written).toBeLessThan(200);
  });

  test('counts as activity', async () => {
    expect(hid.inactivityS()).toBe(-1);
    await print('a');
    expect(hid.inactivityS()).toBe(0);
  });

  test('lets others run, and takes 1 MiB of text', async () => {
    const counting = new NullHidDriver({ counting: true });
    const busy = new Hid({ driver: counting, log: silentLog });
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    const text = 'aB中\u0000'.repeat(174_763);
    const before = process.memoryUsage().rss;
    await busy.print(text, { limit: 0, slow: false, delayMs: 0, signal: leaving.signal });
    clearInterval(ticking);
    expect(counting.count).toBe(174_763 * 6);
    expect(turns).toBeGreaterThan(10);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
    busy.close();
  });
});

describe('a delay', () => {
  /** The key events and, between them, the pauses in ms that were asked for. */
  async function paced(text: string, options: Partial<PrintOptions>): Promise<string> {
    const all: string[] = [];
    vi.mocked(sleep).mockImplementation(async (ms) => {
      all.push(taken(), String(ms));
    });
    await print(text, options);
    vi.mocked(sleep).mockReset();
    all.push(taken());
    return all.filter((part) => part !== '').join(' ');
  }

  test('stands before each key, and no key is held so long that it repeats', async () => {
    const events = await paced('aB', { delayMs: 1000 });
    expect(events).toBe('1000 +KeyA 50 -KeyA 1000 +ShiftLeft +KeyB 50 -KeyB -ShiftLeft');
  });

  test('of a slow text is 20 ms, or the one that is asked for', async () => {
    expect(await paced('a', { slow: true })).toBe('20 +KeyA 20 -KeyA');
    expect(await paced('a', { slow: true, delayMs: 5 })).toBe('5 +KeyA 5 -KeyA');
  });
});

describe('a cancelled text', () => {
  test('leaves no key down, whenever it comes', async () => {
    let cancelAt = 0;
    let pauses = 0;
    vi.mocked(sleep).mockImplementation(async (ms, signal) => {
      if (ms > 0) pauses += 1;
      if (pauses === cancelAt) leaving.abort();
      signal?.throwIfAborted();
    });
    const text = { keymap: 'de', delayMs: 1 };
    await print('Á@zß', text);
    const count = pauses;
    expect(count).toBe(10);
    for (cancelAt = 1; cancelAt <= count; cancelAt++) {
      leaving = new AbortController();
      pauses = 0;
      await expect(print('Á@zß', text)).rejects.toMatchObject({ name: 'UnavailableError' });
      expect(downAfter(driver.taken())).toEqual([]);
    }
  });

  test('is one whose client has gone already', async () => {
    leaving.abort();
    await expect(print('a')).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(taken()).toBe('');
  });

  test('is one whose keyboard is reset', async () => {
    const typing = print('AB', { delayMs: 1000 });
    const result = expect(typing).rejects.toMatchObject({ name: 'UnavailableError' });
    await until(hid.printing, ({ active }) => active);
    await hid.reset();
    await result;
    await print('c');
    expect(downAfter(driver.taken())).toEqual([]);
  });
});

describe('keys of others', () => {
  test('that change the meaning of keys go up meanwhile and down again', async () => {
    const other = hid.session('other');
    other.key('ShiftLeft', true, false);
    other.key('ControlLeft', true, false);
    taken();
    await print('aB');
    expect(taken()).toBe(
      '-ControlLeft -ShiftLeft +KeyA -KeyA +ShiftLeft +KeyB -KeyB -ShiftLeft +ControlLeft +ShiftLeft',
    );
    other.close();
    expect(taken()).toBe('-ControlLeft -ShiftLeft');
  });

  test('stay up when they were released meanwhile', async () => {
    const other = hid.session('other');
    other.key('AltLeft', true, false);
    const typing = print('a', { delayMs: 20 });
    await until(hid.printing, ({ active }) => active);
    other.key('AltLeft', false, false);
    taken();
    await typing;
    expect(taken()).toBe('+KeyA -KeyA');
  });

  test('that a text needs are released first, or nothing would come', async () => {
    const other = hid.session('other');
    other.key('KeyA', true, false);
    taken();
    await print('a');
    expect(taken()).toBe('-KeyA +KeyA -KeyA');
  });

  test('do not let go of the Shift that a text holds', async () => {
    const other = hid.session('other');
    const typing = print('AB', { delayMs: 20 });
    await vi.waitUntil(() => taken().endsWith('-KeyA'));
    other.key('ShiftLeft', true, false);
    other.key('ShiftLeft', false, false);
    await typing;
    expect(taken()).toBe('+ShiftLeft +KeyB -KeyB -ShiftLeft');
  });
});

describe('Caps Lock', () => {
  /** A machine whose light follows the key. */
  function followCapsLock(): void {
    const key = driver.key.bind(driver);
    driver.key = (name: KeyName, pressed: boolean) => {
      key(name, pressed);
      const { caps } = driver.state.value.keyboard.leds;
      if (name === 'CapsLock' && pressed) setTimeout(() => setCapsLock(!caps), 5);
    };
  }

  test('is off while a text is typed, and on again then', async () => {
    setCapsLock(true);
    followCapsLock();
    await print('a');
    expect(taken()).toBe('+CapsLock -CapsLock +KeyA -KeyA +CapsLock -CapsLock');
  });

  test('is left alone where the machine does not react', async () => {
    setCapsLock(true);
    await print('a');
    expect(taken()).toBe('+CapsLock -CapsLock +KeyA -KeyA');
  });

  test('is as it was after a cancel', async () => {
    setCapsLock(true);
    const typing = print('a');
    await vi.waitUntil(() => taken() === '+CapsLock -CapsLock');
    leaving.abort();
    await expect(typing).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(taken()).toBe('+CapsLock -CapsLock');
  });
});

describe('PiKVM’s recordings', () => {
  const file = (name: string) => new URL(`../../test/golden/${name}`, import.meta.url);
  const differences = new Map(
    JSON.parse(readFileSync(file('differences.json'), 'utf8')).map((difference: Difference) => [
      difference.name,
      difference.ours.hid_reports,
    ]),
  );
  const printed = readFileSync(file('hid.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"name": "hid/print-'))
    .map((line): Recorded => JSON.parse(line))
    .filter(({ expect, request }) => expect.status === 200 && !request.body_base64);

  test('are there', () => expect(printed.length).toBeGreaterThan(10));

  test.each(printed)('$name gives the same reports', async ({ name, request, hid_reports }) => {
    const query = new URLSearchParams(request.query);
    await print(request.body ?? '', {
      keymap: query.get('keymap') ?? undefined,
      limit: Number(query.get('limit') ?? 1024),
      delayMs: Number(query.get('delay') ?? 0) * 10,
    });
    const wanted = differences.get(name) ?? hid_reports;
    expect(reportsOf(driver.taken())).toEqual((wanted as string[][]).map(([, hex]) => hex));
  });
});

interface Difference {
  readonly name: string;
  readonly ours: { readonly hid_reports?: unknown };
}

interface Recorded {
  readonly name: string;
  readonly request: {
    readonly query?: string;
    readonly body?: string;
    readonly body_base64?: string;
  };
  readonly expect: { readonly status: number };
  readonly hid_reports: readonly (readonly string[])[];
}

/** Boot keyboard reports (HID 1.11, appendix B.1) of these calls. */
function reportsOf(calls: readonly HidCall[]): readonly string[] {
  const down = new Set<number>();
  let modifiers = 0;
  return calls.map(([, key, pressed]) => {
    const { usage, modifier } = keyCodes(key as KeyName);
    if (modifier !== 0) modifiers ^= modifier;
    else if (pressed) down.add(usage);
    else down.delete(usage);
    const report = Buffer.alloc(8);
    report[0] = modifiers;
    report.set([...down], 2);
    return report.toString('hex');
  });
}
