import { expect, it } from 'vitest';
import { measureClickToPixel, type ProbePort } from './click-to-pixel.ts';

const FRAME_MS = 10;

/** A machine that draws what `pixelAt` says, on a clock that each frame moves. */
function machine(pixelAt: (now: number, sent: readonly number[]) => number) {
  const sent: { readonly attempt: number; readonly at: number }[] = [];
  let now = 0;
  const port: ProbePort = {
    send: (attempt) => sent.push({ attempt, at: now }),
    pixels: () =>
      Uint8ClampedArray.of(
        pixelAt(
          now,
          sent.map(({ at }) => at),
        ),
      ),
    nextFrame: async () => {
      now += FRAME_MS;
      return now;
    },
  };
  return { port, attempts: () => sent.map(({ attempt }) => attempt) };
}

it('measures from the probe to the change', async () => {
  const answered = (now: number, sent: readonly number[]) =>
    sent.filter((at) => now - at >= 50).length % 2 === 1 ? 255 : 0;
  const { port, attempts } = machine(answered);
  const result = await measureClickToPixel(port, new AbortController().signal);
  expect(result).toEqual({ kind: 'measured', p50Ms: 50, tries: 6 });
  expect(attempts()).toEqual([0, 1, 2, 3, 4, 5]);
});

it('says that the picture never changed, and takes the probe back', async () => {
  const { port, attempts } = machine(() => 7);
  const result = await measureClickToPixel(port, new AbortController().signal);
  expect(result).toEqual({ kind: 'unchanged' });
  expect(attempts()).toEqual([0, 1]);
});

it('measures nothing on a picture that changes by itself, but for what encoders do', async () => {
  const restless = machine((now) => ((now / FRAME_MS) % 2) * 255);
  expect(await measureClickToPixel(restless.port, new AbortController().signal)).toEqual({
    kind: 'restless',
  });
  expect(restless.attempts()).toEqual([]);
  const noisy = machine((now) => ((now / FRAME_MS) % 2) * 10);
  expect(await measureClickToPixel(noisy.port, new AbortController().signal)).toEqual({
    kind: 'unchanged',
  });
});

it('ends when it is left', async () => {
  const { port, attempts } = machine(() => 0);
  await measureClickToPixel(port, AbortSignal.abort());
  expect(attempts()).toEqual([]);
});
