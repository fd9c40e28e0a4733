import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';

vi.mock('../../core/sleep.ts', () => ({
  sleep: (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      waits.push(ms);
      wake = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
}));

const waits: number[] = [];
let wake = () => {};
const messages: string[] = [];
const log = {
  ...silentLog,
  warn: (_details: object, message: string) => messages.push(message),
  info: (_details: object, message: string) => messages.push(message),
};
let serve: (session: DeviceSession) => Promise<unknown>;
let loop: DeviceLoop;

beforeEach(() => {
  waits.length = 0;
  messages.length = 0;
  serve = () => Promise.reject(new Error('away'));
  loop = new DeviceLoop({ name: 'x', pins: [], log }, (session) => serve(session));
});
afterEach(() => loop[Symbol.asyncDispose]());

const retry = async (times: number) => {
  for (let round = 0; round < times; round += 1) {
    const before = waits.length;
    wake();
    await vi.waitFor(() => expect(waits.length).toBe(before + 1));
  }
};

test('waits twice as long after each failure, up to 30 s, and says it once', async () => {
  await vi.waitFor(() => expect(waits).toHaveLength(1));
  await retry(6);
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(messages).toEqual(['The GPIO device is offline']);
  expect(loop.isOnline).toBe(false);
});

test('begins anew when the device has answered, and when it is lost later', async () => {
  await vi.waitFor(() => expect(waits).toHaveLength(1));
  await retry(2);
  let lose = () => {};
  serve = ({ online }) =>
    new Promise((_resolve, reject) => {
      online(new Map([['1', true]]));
      lose = () => reject(new Error('lost'));
    });
  wake();
  await vi.waitFor(() => expect(loop.isOnline).toBe(true));
  expect([...loop.levels.value]).toEqual([['1', true]]);
  lose();
  await vi.waitFor(() => expect(waits.at(-1)).toBe(1000));
  expect(loop.levels.value.size).toBe(0);
  expect(messages).toEqual([
    ...['The GPIO device is offline', 'The GPIO device is there again'],
    'The GPIO device is offline',
  ]);
});
