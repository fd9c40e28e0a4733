import { describe, expect, it, test } from 'vitest';
import { latencyCommand } from './latency.ts';
import { latencyPlot } from './latency-plot.ts';
import { differs, type ProbePicture, type ProbeTarget, probeLatency } from './latency-probe.ts';
import { latencyReport, percentile } from './latency-report.ts';

const SIZE = { width: 32, height: 16 };
const OPTIONS = { count: 20, pauseMs: 0, timeoutMs: 30, region: undefined };

function picture(level: number): ProbePicture {
  return { ...SIZE, data: Buffer.alloc(SIZE.width * SIZE.height * 4, level) };
}

/** A machine whose pictures are one byte: the level of all pixels. `afterMs` per press. */
function machine(press: (count: number) => readonly (readonly [level: number, afterMs: number])[]) {
  const files: { jpeg: Uint8Array; atMs: number }[] = [{ jpeg: Uint8Array.of(10), atMs: 0 }];
  let presses = 0;
  const target: ProbeTarget & { undone: number } = {
    undone: 0,
    key(pressed) {
      if (!pressed) return 0;
      presses += 1;
      const sentMs = presses * 1000;
      for (const [level, afterMs] of press(presses)) {
        files.push({ jpeg: Uint8Array.of(level), atMs: sentMs + afterMs });
      }
      return sentMs;
    },
    undo() {
      target.undone += 1;
      files.push({ jpeg: Uint8Array.of(10), atMs: 0 });
    },
    async next(signal) {
      const file = files.shift();
      if (file) return file;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        if (signal.aborted) reject(signal.reason);
      });
    },
    decode: async (jpeg) => picture(jpeg[0] ?? 0),
    sleep: async () => {},
  };
  return target;
}

describe('the measurement', () => {
  it('takes the first picture that differs, and undoes each press', async () => {
    const target = machine((count) => [
      [20, 5],
      [200, 10 + count],
      [220, 90],
    ]);
    const { timesMs, lost } = await probeLatency(target, OPTIONS);
    expect(timesMs).toEqual(Array.from({ length: 20 }, (_, index) => 11 + index));
    expect([lost, target.undone]).toEqual([0, 20]);
  });

  it('counts presses that change nothing, and gives up when none does', async () => {
    const some = machine((count) => (count % 10 === 0 ? [] : [[200, 7]]));
    expect(await probeLatency(some, OPTIONS)).toMatchObject({ lost: 2 });
    const none = machine(() => []);
    await expect(probeLatency(none, OPTIONS)).rejects.toThrow('The key changes nothing');
  });

  it('refuses a picture that changes by itself', async () => {
    const target = machine(() => []);
    target.sleep = async () => target.undo();
    const decode = target.decode;
    let level = 10;
    target.decode = async (jpeg) => {
      level += 100;
      return decode(Uint8Array.of(level + (jpeg[0] ?? 0)));
    };
    await expect(probeLatency(target, OPTIONS)).rejects.toThrow('changes by itself');
  });
});

test('a difference is more than an encoder makes, and in the region', () => {
  const [one, other] = [picture(100), picture(100)];
  for (let at = 0; at < 4 * 20; at += 1) other.data[at] = 200;
  expect(differs(one, other, undefined)).toBe(true);
  expect(differs(one, other, { x: 0, y: 1, width: 32, height: 15 })).toBe(false);
  expect(differs(one, other, { x: 500, y: 500, width: 9, height: 9 })).toBe(false);
  expect(differs(one, picture(140), undefined)).toBe(false);
  expect(differs(one, { ...other, width: 16, height: 32 }, undefined)).toBe(true);
});

test('the report says what it measured, and the plot shows it', () => {
  const timesMs = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(timesMs, share))).toEqual([
    50, 95, 99, 100,
  ]);
  expect(percentile([], 0.5)).toBeNaN();
  const told = { target: 'kvm.lan', key: 'KeyX', region: 'anywhere', date: '2026-01-01T00:00:00Z' };
  const report = latencyReport({ ...told, width: 720, height: 400, timesMs, lost: 1 }, 'x.svg');
  for (const each of ['| p50 | 50.0 |', '| worst | 100.0 |', '1 presses', '(x.svg)', '720x400']) {
    expect(report).toContain(each);
  }
  const plot = latencyPlot(timesMs, 'a<b');
  expect(plot).toContain('p99 99.0');
  expect(plot).not.toContain('a<b');
  expect(latencyPlot([], 'nothing')).toContain('</svg>');
});

test('a wrong command line says what is allowed', async () => {
  const told: string[] = [];
  const stream = { write: (text: string) => told.push(text) };
  const io = { stdin: process.stdin, stdout: stream, stderr: stream };
  const good = ['--url', 'http://127.0.0.1:1', '--passwd-file', '/nowhere/passwd'];
  for (const [argv, code, text] of [
    [['--help'], 0, /^Usage/],
    [[], 2, /^Usage/],
    [['--nope'], 2, /--help/],
    [['--url', 'ftp://x', '--passwd-file', 'x'], 2, /--url takes/],
    [[...good, '--key', 'X'], 2, /--key takes/],
    [[...good, '--region', '1,2,0,4'], 2, /--region takes/],
    [[...good, '--count', '0'], 2, /--count takes a number from 1/],
    [good, 1, /no file/],
  ] as const) {
    expect(await latencyCommand(argv, io)).toBe(code);
    expect(told.at(-1)).toMatch(text);
  }
});
