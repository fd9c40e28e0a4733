import { afterAll, beforeAll, expect, it } from 'vitest';
import { jpegSize } from '../../src/protocols/jpeg-size.ts';
import { figure } from './support/figures.ts';
import { INPUT, loseSignal, regainSignal, setTimings, VIVID } from './support/hdmi.ts';
import { LabMachine } from './support/lab-machine.ts';
import type { LabServer } from './support/lab-server.ts';
import { soon } from './support/soon.ts';

const PICTURES = 10;
/** The goal is 120, which pictures that wait on a slow machine pass by a little: a leak is what fails. */
const MEMORY_MIB = 160;
const none = { type: 'disabled' };
const CONFIG = {
  kvmd: {
    ...{ hid: none, atx: none, msd: none },
    streamer: {
      type: 'ustreamer',
      forever: true,
      cmd_append: ['--format=UYVY', '--dv-timings'],
    },
  },
};

let machine: LabMachine;
let server: LabServer;
beforeAll(async () => {
  machine = await LabMachine.start({ modules: [VIVID], cpus: 2 });
  await machine.run(['udevadm', 'settle']);
  await timings('1920x1080');
  server = await machine.serve(CONFIG);
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const timings = (size: '1920x1080' | '1024x768') => setTimings(machine, size);
const source = async () => (await machine.api.call('streamer')).streamer?.source;
const sees = (width: number, height: number) =>
  soon(async () => {
    expect(await source()).toMatchObject({ online: true, resolution: { width, height } });
  });

it('grabs what the machine shows', async () => {
  await sees(1920, 1080);
  const { captured_fps: fps = 0 } =
    (await soon(async () => {
      const now = await source();
      expect(now?.captured_fps).toBeGreaterThan(0);
      return now;
    })) ?? {};
  figure('frames of 1080p grabbed with no viewer', fps, '1/s', '>= 30');
});

it('shows it to a viewer', async () => {
  const video = machine.api.video('jpeg');
  let count = 0;
  let startedMs = 0;
  for await (const picture of video) {
    expect(jpegSize(Buffer.from(picture))).toEqual({ width: 1920, height: 1080 });
    if (count === 0) startedMs = performance.now();
    else if (count === PICTURES) break;
    count += 1;
  }
  const fps = (PICTURES * 1000) / (performance.now() - startedMs);
  figure('frames of 1080p encoded for a viewer', fps, '1/s', '>= 4');
  figure('frames of 1080p grabbed with a viewer', (await source())?.captured_fps ?? 0, '1/s');
});

it('gives a snapshot', async () => {
  const picture = await machine.api.call('streamerSnapshot', {});
  expect(jpegSize(Buffer.from(picture as Uint8Array))).toEqual({ width: 1920, height: 1080 });
});

it('follows a change of the mode', async () => {
  await timings('1024x768');
  await sees(1024, 768);
  await timings('1920x1080');
  await sees(1920, 1080);
});

it.each([
  ['absent', 'no cable, or a machine that is off or asleep'],
  ['unlocked', 'the chip cannot lock on to it'],
  ['out-of-range', 'it is out of range of the chip'],
] as const)('says why there is no signal: %s', async (why, reason) => {
  await loseSignal(machine, why);
  await soon(async () => {
    expect(await source()).toMatchObject({
      ...{ online: false, reason: expect.stringContaining(reason) },
    });
  });
  await regainSignal(machine);
  await sees(1920, 1080);
});

it('finds the device again that was taken away', async () => {
  const driver = '/sys/bus/platform/drivers/vivid';
  await machine.write(`${driver}/unbind`, 'vivid.0');
  await soon(async () => expect((await source())?.online).toBe(false));
  expect((await source())?.reason).toBeTruthy();
  await machine.write(`${driver}/bind`, 'vivid.0');
  await machine.run(['udevadm', 'settle']);
  await timings('1920x1080');
  await sees(1920, 1080);
  figure('memory of the server with video', await server.memoryMib(), 'MiB', '<= 120');
  expect(await server.memoryMib()).toBeLessThan(MEMORY_MIB);
});

it('tells the machine of its display', async () => {
  const config = { kvmd: { streamer: { type: 'ustreamer', edid: { device: INPUT } } } };
  const edid = async (...argv: string[]) => {
    const { code, out, err } = await machine.command(config, 'edid', ...argv);
    return { code, out: out.toString(), err: err.toString() };
  };
  const shown = async () => {
    const { out } = await machine.run(['v4l2-ctl', '-d', INPUT, '--get-edid=format=hex']);
    return await machine.run(['edid-decode'], { input: out });
  };
  const file = '/tmp/edid.hex';
  const named = ['--import-preset', 'v2', '--set-monitor-name', 'Rack 7', '--apply'];
  // vivid takes none while it is read; chips do.
  expect(await server.stop()).toBe(0);
  expect(await edid('set', '-f', file, ...named)).toMatchObject({ code: 0, err: '' });
  expect((await shown()).out.toString()).toContain("Display Product Name: 'Rack 7'");
  expect((await edid('show')).out).toContain('Rack 7');
  expect(await edid('clear')).toMatchObject({ code: 0, err: '' });
  expect((await edid('show')).out).toBe(`${INPUT} shows no EDID\n`);
});
