import { describe, expect, it } from 'vitest';
import { TileQueue } from './tile-queue.ts';
import { parseTiles, type TileUpdate } from './tiles.ts';

/** One changed tile 3×2 at (4, 5) of a 640×480 picture, with the bytes aa bb cc as its JPEG. */
const MESSAGE =
  '01 00 00000102 0280 01e0 4000000000000000 0001 0004 0005 0003 0002 00000003 aabbcc';

const bytesOf = (hex: string) =>
  Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('parseTiles', () => {
  it('reads every field of a message', () => {
    expect(parseTiles(bytesOf(MESSAGE).buffer)).toEqual({
      key: false,
      sequence: 0x102,
      width: 640,
      height: 480,
      capturedAtMs: 2,
      tiles: [{ x: 4, y: 5, width: 3, height: 2, jpeg: bytesOf('aabbcc') }],
    });
  });

  it('refuses a message cut off anywhere', () => {
    const whole = bytesOf(MESSAGE);
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseTiles(whole.slice(0, length).buffer)).toBeUndefined();
    }
  });

  it('refuses a tile that reaches out of the picture', () => {
    const message = bytesOf(MESSAGE);
    new DataView(message.buffer).setUint16(20, 638);
    expect(parseTiles(message.buffer)).toBeUndefined();
  });

  it('refuses other kinds of messages', () => {
    const message = bytesOf(MESSAGE);
    message[0] = 2;
    expect(parseTiles(message.buffer)).toBeUndefined();
  });
});

describe('TileQueue', () => {
  const update = (sequence: number, key = false): TileUpdate => ({
    key,
    sequence,
    width: 1,
    height: 1,
    capturedAtMs: 0,
    tiles: [],
  });

  it('draws in order and one at a time, beginning with a full picture', async () => {
    const drawn: number[] = [];
    let now = 0;
    let most = 0;
    const queue = new TileQueue(
      async ({ sequence }) => {
        now += 1;
        most = Math.max(most, now);
        await Promise.resolve();
        drawn.push(sequence);
        now -= 1;
      },
      () => undefined,
    );
    await queue.push(update(1));
    await Promise.all([update(2, true), update(3), update(4)].map((next) => queue.push(next)));
    expect(drawn).toEqual([2, 3, 4]);
    expect(most).toBe(1);
  });

  it('drops a queue that grows too long and asks for a full picture once', async () => {
    let asked = 0;
    const drawn: number[] = [];
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const queue = new TileQueue(
      async ({ sequence }) => {
        await gate;
        drawn.push(sequence);
      },
      () => {
        asked += 1;
      },
    );
    const running = queue.push(update(0, true));
    for (let n = 1; n <= 40; n += 1) await queue.push(update(n));
    await queue.push(update(41, true));
    go();
    await running;
    expect(asked).toBe(1);
    expect(drawn).toEqual([0, 41]);
  });

  it('asks for a full picture when one cannot be drawn', async () => {
    let asked = 0;
    const queue = new TileQueue(
      () => Promise.reject(new Error('not a JPEG')),
      () => {
        asked += 1;
      },
    );
    await queue.push(update(0, true));
    expect(asked).toBe(1);
  });
});
