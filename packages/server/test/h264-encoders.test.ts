import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { StateCell, until } from '../src/core/state.ts';
import type { AccessUnit } from '../src/protocols/flv-avc.ts';
import type { H264Encoder, H264Settings, OpenH264Encoder } from '../src/video/h264-encoder.ts';
import { ffmpegEncoder } from '../src/video/h264-ffmpeg.ts';
import { nodeAvEncoder } from '../src/video/h264-node-av.ts';
import { findH264Encoder } from '../src/video/h264-probe.ts';
import { loadJpegTurbo } from '../src/video/jpeg-turbo.ts';
import { loadNodeAv } from '../src/video/node-av.ts';
import {
  type Colour,
  IDR,
  isNear,
  middles,
  nalTypes,
  PPS,
  SEI,
  SPS,
} from './support/h264-stream.ts';
import { NODE_AV } from './support/node-av.ts';
import { recordingLog } from './support/recording-log.ts';

/** As an operator may install it; it is no dependency. */
const nodeAv = await loadNodeAv(NODE_AV);
const ENCODERS: readonly (readonly [string, OpenH264Encoder])[] = [
  ['ffmpeg', ffmpegEncoder()],
  ['node-av', nodeAvEncoder(nodeAv)],
];
const COLOURS: readonly Colour[] = [
  [200, 0, 0],
  [0, 200, 0],
  [230, 120, 40],
];
const BGRX = { format: 'bgrx', width: 320, height: 240, bitrate: 5000, gop: 0, fps: 30 } as const;

const filled = (width: number, height: number, [red, green, blue]: Colour) =>
  Buffer.alloc(width * height * 4).fill(Buffer.from([blue, green, red, 255]));

describe.each(ENCODERS)('the encoder %s', (_name, open) => {
  let encoder: H264Encoder | undefined;
  const units = new StateCell<readonly AccessUnit[]>([]);
  const ends: string[] = [];

  afterEach(() => encoder?.close());

  function start(settings: H264Settings): H264Encoder {
    units.set([]);
    ends.length = 0;
    encoder = open(settings, {
      onUnit: (unit) => units.set([...units.value, unit]),
      onEnd: (reason) => ends.push(reason),
    });
    return encoder;
  }
  const untilUnits = (count: number) => until(units, ({ length }) => length >= count);
  const stream = () => Buffer.concat(units.value.map(({ data }) => data));

  it('gives each picture at once, in its colours, and key frames when they are asked for', async () => {
    const started = start(BGRX);
    for (const [index, colour] of [...COLOURS, ...COLOURS].entries()) {
      await started.encode(filled(320, 240, colour), index === 4);
      await untilUnits(index + 1);
    }
    const keys = units.value.map(({ key }) => key);
    expect(keys).toEqual([true, false, false, false, true, false]);
    for (const { key, data } of units.value) {
      const types = nalTypes(data).filter((type) => type !== SEI);
      expect(types.includes(IDR)).toBe(key);
      if (key) expect(types.slice(0, 2)).toEqual([SPS, PPS]);
    }
    const shown = await middles(stream(), 320, 240);
    expect(shown.map((each, index) => isNear(each, COLOURS[index % 3] ?? [0, 0, 0]))).toEqual(
      keys.map(() => true),
    );
    expect(ends).toEqual([]);
  });

  it('makes odd sizes even', async () => {
    const [colour = [0, 0, 0] as Colour] = COLOURS;
    await start({ ...BGRX, width: 321, height: 241 }).encode(filled(321, 241, colour), false);
    await untilUnits(1);
    expect(isNear((await middles(stream(), 322, 242))[0], colour)).toBe(true);
  });

  it('leaves out files that cannot be read, and takes the next ones', async () => {
    const turbo = await loadJpegTurbo();
    const out = Buffer.alloc(turbo.outputBytes(320, 240));
    const file = async (colour: Colour) =>
      Buffer.from(await turbo.encode(filled(320, 240, colour), 320, 240, 90, out));
    const [first = [0, 0, 0] as Colour, second = [0, 0, 0] as Colour] = COLOURS;
    const started = start({ ...BGRX, format: 'jpeg' });
    await started.encode(await file(first), false);
    await untilUnits(1);
    for (const broken of [
      Buffer.alloc(0),
      Buffer.from('no picture'),
      (await file(first)).subarray(0, 9),
    ]) {
      await started.encode(broken, true);
    }
    await started.encode(await file(second), false);
    await started.encode(await file(second), true);
    await until(units, (all) => all.filter(({ key }) => key).length > 1);
    expect(ends).toEqual([]);
    expect(isNear((await middles(stream(), 320, 240)).at(-1), second)).toBe(true);
  });

  it('may be closed at any time', async () => {
    const pixels = filled(640, 480, [1, 2, 3]);
    for (let count = 0; count < 5; count += 1) {
      const started = start({ ...BGRX, width: 640, height: 480 });
      if (count % 2 === 0) await started.encode(pixels, false);
      const encoding = started.encode(pixels, true);
      started.close();
      await encoding;
      started.close();
    }
    expect(ends).toEqual([]);
  });
});

it('is chosen by the configuration, and says what is missing', async () => {
  const log = recordingLog();
  expect(await findH264Encoder('ffmpeg', silentLog)).toBeDefined();
  expect(await findH264Encoder('auto', silentLog)).toBeDefined();
  expect(await findH264Encoder('node-av', log, NODE_AV)).toBeDefined();
  expect(await findH264Encoder('node-av', log, '/nowhere')).toBeUndefined();
  expect(log.messages).toEqual(['warn There is no H.264 by node-av']);
});
