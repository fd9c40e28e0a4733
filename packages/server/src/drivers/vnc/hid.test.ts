import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { StateCell, until } from '../../core/state.ts';
import { VncHid } from './hid.ts';
import { VncLink } from './link.ts';

const limit = () => AbortSignal.timeout(10_000);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const CLIENT = {
  security: { tls: 'off', user: '', password: undefined },
  encodings: [],
} as const;
/** What a server of this name says until it has a screen of 101x51 px. */
const greeting = (name: string) =>
  Buffer.concat([
    Buffer.from('RFB 003.008\n'),
    hex('0101 00000000 0065 0033 20180001 00ff00ff00ff 100800 000000'),
    Buffer.from([0, 0, 0, name.length]),
    Buffer.from(name),
  ]);
const EXTENDED_KEYS = hex('00000001 00000000 00000000 fffffefe');

/** The wire to a server: what goes to it is kept, one message at a time. */
class Wire extends Duplex {
  readonly sent = new StateCell('');
  #isFull = false;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  /** Whether the server reads nothing. */
  set isFull(isFull: boolean) {
    this.#isFull = isFull;
    if (!isFull) this.#waiting?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#waiting = () => {
      this.#waiting = undefined;
      this.sent.set(this.sent.value + chunk.toString('hex'));
      done();
    };
    if (!this.#isFull) this.#waiting();
  }

  override _read(): void {}
}

describe('keyboard and mouse of a VNC server', () => {
  const link = new StateCell<VncLink | undefined>(undefined);
  const leds = new StateCell<number | undefined>(undefined);
  const log = recordingLog();
  let wire: Wire;
  let hid: VncHid;

  /** A connection to a server of this name; resolves when it has a screen. */
  async function connect(name = 'lab'): Promise<void> {
    wire = new Wire();
    const made = await new Promise<VncLink>((resolve) => {
      const begun: VncLink = new VncLink(wire, {
        client: CLIENT,
        onLeds: (mask) => leds.set(mask),
        established: () => resolve(begun),
      });
      void begun.run(new AbortController().signal);
      wire.push(greeting(name));
    });
    await made.drained();
    wire.sent.set('');
    // Two links look alike to a cell.
    link.set(undefined);
    link.set(made);
  }

  /** Resolves when all that was sent is this. */
  async function sent(...messages: readonly string[]): Promise<void> {
    const wanted = messages.join('').replaceAll(' ', '');
    await until(wire.sent, (all) => all.length >= wanted.length, limit());
    await hid.drained(0);
    expect(wire.sent.value).toBe(wanted);
  }

  beforeEach(async () => {
    await connect();
    hid = new VncHid({ link, leds }, log);
  });
  afterEach(async () => {
    await hid[Symbol.asyncDispose]();
    link.set(undefined);
    leds.set(undefined);
  });

  it('tells keys by keysym, and a release by that of its press', async () => {
    hid.key('ShiftLeft', true);
    hid.key('KeyA', true);
    hid.key('ShiftLeft', false);
    hid.key('KeyA', false);
    hid.key('KeyA', true);
    await sent(
      '04 01 0000 0000ffe1',
      '04 01 0000 00000041',
      '04 00 0000 0000ffe1',
      '04 00 0000 00000041',
      '04 01 0000 00000061',
    );
  });

  it('tells scan codes to a server that takes them', async () => {
    wire.push(EXTENDED_KEYS);
    hid.key('Enter', true);
    hid.key('ArrowUp', false);
    await sent('ff 00 0001 0000ff0d 0000001c', 'ff 00 0000 0000ff52 000000c8');
  });

  it('means small letters and digits until it is told of its LEDs', async () => {
    hid.key('Numpad1', true);
    hid.key('CapsLock', true);
    hid.key('KeyA', true);
    await sent('04 01 0000 0000ffb1', '04 01 0000 0000ffe5', '04 01 0000 00000041');
    hid.releaseAll();
    await until(wire.sent, (all) => all.endsWith('0400000000000041'), limit());
    // Caps Lock is off after all, and so is Num Lock.
    leds.set(0);
    wire.sent.set('');
    hid.key('KeyA', true);
    hid.key('Numpad1', true);
    await sent('04 01 0000 00000061', '04 01 0000 0000ff9c');
    leds.set(7);
    expect(hid.state.value.keyboard.leds).toEqual({ caps: true, scroll: true, num: true });
  });

  it('tells the pointer in px, and buttons where it is', async () => {
    hid.button('left', true);
    hid.move(-32_768, -32_768);
    hid.button('up', true);
    hid.move(0, 0);
    hid.move(32_767, 32_767);
    hid.releaseAll();
    hid.wheel(-1, 1);
    hid.button('down', true);
    await sent(
      '05 01 0032 0019',
      '05 01 0000 0000',
      '05 81 0000 0000',
      '05 81 0064 0032',
      '05 00 0064 0032',
      '05 20 0064 0032',
      '05 00 0064 0032',
      '05 08 0064 0032',
      '05 00 0064 0032',
    );
    hid.button('down', true);
    expect(log.messages).toEqual(['warn VNC has no mouse button that goes forward']);
  });

  it('waits for a server that is slow, in order, and counts what waits', async () => {
    wire.isFull = true;
    for (const key of ['KeyA', 'KeyB'] as const) hid.key(key, true);
    hid.move(0, 0);
    hid.move(-32_768, 0);
    // The first is on the wire.
    await hid.drained(2, limit());
    expect(hid.backlog).toBe(2);
    wire.isFull = false;
    await sent('04 01 0000 00000061', '04 01 0000 00000062', '05 00 0000 0019');
    expect(hid.backlog).toBe(0);
  });

  it('takes no more than it can keep, but every release', async () => {
    wire.isFull = true;
    hid.key('KeyA', true);
    hid.button('left', true);
    for (let step = 0; step < 200; step += 1) hid.wheel(0, -127);
    hid.key('KeyB', true);
    expect(hid.backlog).toBeLessThanOrEqual(20_001);
    hid.releaseAll();
    wire.isFull = false;
    await hid.drained(0, limit());
    const { value } = wire.sent;
    expect(value.endsWith('0400000000000061050000320019')).toBe(true);
    expect(value.includes('0401000000000062')).toBe(false);
  });

  it('gives QEMU no more keys than its keyboard can hold', async () => {
    await connect('QEMU (web1)');
    const beginMs = performance.now();
    for (let index = 0; index < 10; index += 1) {
      hid.key('KeyA', true);
      hid.key('KeyA', false);
    }
    await hid.drained(0, limit());
    // 20 codes of 10 ms, of which some may wait in the keyboard.
    expect(performance.now() - beginMs).toBeGreaterThan(140);
    expect(wire.sent.value).toHaveLength(20 * 16);
  });

  it('is offline without a connection, and begins anew with the next one', async () => {
    wire.isFull = true;
    hid.key('ShiftLeft', true);
    hid.button('left', true);
    link.set(undefined);
    expect([hid.ready, hid.backlog, hid.state.value.online]).toEqual([false, 0, false]);
    hid.key('KeyA', true);
    expect(hid.backlog).toBe(0);
    await connect();
    hid.key('KeyA', true);
    hid.move(-32_768, -32_768);
    await sent('04 01 0000 00000061', '05 00 0000 0000');
    expect(hid.state.value).toMatchObject({ online: true, connected: null, busy: false });
  });
});
