import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { StateCell, until } from '../src/core/state.ts';
import { Streamer } from '../src/core/streamer.ts';
import type { Frame, VideoFeed } from '../src/core/video-source.ts';
import { QemuVideoSource } from '../src/drivers/qemu/streamer.ts';
import { loadJpegTurbo } from '../src/video/jpeg-turbo.ts';
import { Video } from '../src/video/video.ts';
import { Qmp } from './support/qmp.ts';

/** Pixels of a screendump, RGB. */
function parsePpm(file: Buffer) {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(file.subarray(0, 64).toString('latin1'));
  if (!head) throw new Error('not a PPM file');
  return { width: Number(head[1]), height: Number(head[2]), rgb: file.subarray(head[0].length) };
}

/** BGRX. */
type Pixels = Pick<Frame, 'data' | 'width' | 'height'>;

/** The largest difference of a colour part between BGRX and RGB pixels, and the mean. */
function difference(bgrx: Uint8Array, rgb: Uint8Array) {
  let [largest, sum] = [0, 0];
  for (let pixel = 0; pixel * 3 < rgb.length; pixel += 1) {
    for (let part = 0; part < 3; part += 1) {
      const d = Math.abs((bgrx[pixel * 4 + 2 - part] ?? 0) - (rgb[pixel * 3 + part] ?? 0));
      largest = Math.max(largest, d);
      sum += d;
    }
  }
  return { largest, mean: sum / rgb.length };
}

/**
 * A boot sector. It fills the screen with letters and waits for a key; each key changes between
 * text mode with all LEDs off and 640x480 with Caps Lock lit:
 * mode 3 or 12h by BP, 200 times teletype output, PS/2 command EDh with BP's low byte, wait for key.
 */
const GUEST = Buffer.alloc(1024 * 1024);
GUEST.write(
  '31edb8030085ed7403b81200cd10b9c800b8410ebb0f00cd10e2f6' +
    'e464a80275fab0ede660e464a80275fa89e8e66031c0cd1683f504ebca',
  'hex',
);
GUEST.writeUInt16LE(0xaa55, 510);

describe("QEMU's screen", () => {
  const powered = new StateCell(true);
  const leds = new StateCell<number | undefined>(undefined);
  let folder: string;
  let qemu: ChildProcess;
  let qmp: Qmp;
  let source: QemuVideoSource;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crashcart-video-'));
    source = new QemuVideoSource({
      hasSound: new StateCell(true),
      vncSocketPath: join(folder, 'vnc'),
      powered,
      offReason: () => 'The machine is off. Press Power to start it.',
      onLeds: (mask) => leds.set(mask),
      log: silentLog,
    });
    await writeFile(join(folder, 'disk'), GUEST);
    qemu = spawn(
      'qemu-system-x86_64',
      [
        ...['-machine', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults', '-vga', 'std'],
        ...['-drive', `file=${join(folder, 'disk')},format=raw`, '-display', 'none'],
        ...['-vnc', `unix:${join(folder, 'vnc')}`],
        ...['-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`, '-net', 'none'],
      ],
      { stdio: 'inherit' },
    );
    qmp = await Qmp.connect(join(folder, 'qmp'));
  });

  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    qmp?.close();
    const gone = new Promise((resolve) => qemu.once('exit', resolve));
    qemu?.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  });

  async function screendump() {
    const filename = join(folder, 'dump.ppm');
    await qmp.execute('screendump', { filename });
    return parsePpm(await readFile(filename));
  }

  /** Resolves when the picture has been equal to QEMU's own one; the screen may still be changing. */
  async function untilEqual(read: () => Promise<Pixels | undefined>, tolerance: number) {
    for (;;) {
      const dump = await screendump();
      const frame = await read();
      if (frame && frame.width === dump.width && frame.height === dump.height) {
        const found = difference(frame.data, dump.rgb);
        const lit = dump.rgb.reduce((count, part) => count + (part > 128 ? 1 : 0), 0);
        if (found.largest <= tolerance && lit > 500) return { dump, ...found };
      }
      await delay(50);
    }
  }

  it('is the same as the screendump, pixel for pixel', async () => {
    const feed: VideoFeed = source.open({ desiredFps: 30, resolution: undefined });
    try {
      let latest: Frame | undefined;
      let frames = 0;
      feed.onFrame = (frame) => {
        latest = frame;
        frames += 1;
      };
      feed.setWatched(true);
      await until(feed.signal, (signal) => signal.online);
      const { dump } = await untilEqual(async () => latest, 0);
      expect(feed.signal.value).toEqual({ online: true, width: dump.width, height: dump.height });
      expect(frames).toBeGreaterThan(0);
    } finally {
      await feed[Symbol.asyncDispose]();
    }
  });

  it('follows a change of size', async () => {
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    try {
      let latest: Frame | undefined;
      const sizes = new StateCell('');
      feed.onFrame = (frame) => {
        latest = frame;
        sizes.set(`${frame.width}x${frame.height}`);
      };
      feed.setWatched(true);
      await until(sizes, (size) => size === '720x400');
      await qmp.key('a');
      await until(sizes, (size) => size === '640x480');
      await untilEqual(async () => latest, 0);
      expect(feed.signal.value).toEqual({ online: true, width: 640, height: 480 });
      await qmp.key('a');
      await until(sizes, (size) => size === '720x400');
    } finally {
      await feed[Symbol.asyncDispose]();
    }
  });

  it('has a reason while the machine is off, and a whole picture when it is on again', async () => {
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    try {
      const frames = new StateCell<readonly [number, boolean]>([0, false]);
      feed.onFrame = ({ dirty }) => frames.set([frames.value[0] + 1, dirty === null]);
      feed.setWatched(true);
      await until(frames, ([count]) => count > 0);
      powered.set(false);
      expect(feed.signal.value).toEqual({
        online: false,
        reason: 'The machine is off. Press Power to start it.',
      });
      const [seen] = frames.value;
      powered.set(true);
      const [, whole] = await until(frames, ([count]) => count > seen);
      expect(whole).toBe(true);
    } finally {
      powered.set(true);
      await feed[Symbol.asyncDispose]();
    }
  });

  it('tells the LEDs though nobody watches', async () => {
    const CAPS = 4;
    await until(leds, (mask) => mask === 0);
    await qmp.key('a');
    await until(leds, (mask) => mask === CAPS);
    await qmp.key('a');
    await until(leds, (mask) => mask === 0);
  });

  it('comes out of the snapshot and the stream as the screendump has it', async () => {
    const shared: ConstructorParameters<typeof Streamer>[0]['source'] = {
      name: source.name,
      resolutions: undefined,
      open: (params) => source.open(params),
      async [Symbol.asyncDispose]() {},
    };
    const streamer = new Streamer({ source: shared, log: silentLog, quality: 95 });
    const video = new Video(streamer, silentLog);
    const release = streamer.acquire();
    const turbo = await loadJpegTurbo();
    try {
      const read = async () => {
        const { jpeg } = await video.snapshot({ allowOffline: true });
        const { data, width, height } = await turbo.decode(jpeg);
        return { data, width, height };
      };
      // 4:2:0 blurs the edges of coloured text: single pixels may differ, the picture does not.
      const found = await untilEqual(read, 160);
      expect(found.mean).toBeLessThan(3);
      const unwatch = video.watch();
      const widths = new StateCell<readonly number[]>([]);
      const leave = video.pictures.subscribe(({ width }) => widths.set([...widths.value, width]));
      await until(widths, (all) => all.includes(720));
      await qmp.key('a');
      await until(widths, (all) => all.includes(640));
      const again = await untilEqual(read, 160);
      expect(again.mean).toBeLessThan(3);
      leave();
      unwatch();
    } finally {
      release();
      video.close();
      await streamer.close();
    }
  });
});
