import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MsdState } from '@crashcart/api';
import { until } from '../../src/core/state.ts';
import { serveStreamer } from '../../src/frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../../src/frontends/ws/media-socket.ts';
import { LogFile } from '../../src/info/log-file.ts';
import { FileLogReader } from '../../src/info/log-reader.ts';
import { createLogger } from '../../src/logger.ts';
import { peerCredentials } from '../../src/platform/peer-cred.ts';
import { Ocr } from '../../src/video/ocr.ts';
import { FakeCapture } from '../fakes/fake-capture.ts';
import { FakeGpioKernel } from '../fakes/fake-gpio-kernel.ts';
import { FakePikvmSwitch, type SeenRequest } from '../fakes/fake-pikvm-switch.ts';
import { FrontRig, type FrontVariant } from './front-rig.ts';
import { GOLDEN_LEDS, startGoldenAtx, startGoldenGpio } from './golden-gpio.ts';
import { type SeenReport, startGoldenHid } from './golden-hid.ts';
import { goldenSwitch, resetSwitch } from './golden-switch.ts';

/** A program that pretends must have started by then. */
const SETTLED_MS = 20_000;
/** The recorded image storage was a tmpfs of this size. */
const STORAGE_BYTES = 64 * 1024 * 1024;
/** How the recorded server was started, by name. */
const VARIANTS: Readonly<Record<string, FrontVariant>> = {
  default: {},
  'expire3-extend': { auth: { maxExpireS: 3, extend: true }, http: { publicMetrics: true } },
};
/** The recorded streamer's. */
const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};
/** GPIO lines of the recorded rig that its computer or a person drives. */
const INPUT_LINES = [...GOLDEN_LEDS, 19, 16];

/** The server of the recordings: the front ends and all policy over hardware that only pretends. */
export interface GoldenRig extends AsyncDisposable {
  readonly port: number;
  /** Other users may connect, too. */
  readonly socketPath: string;
  /** What the server has asked the Switch. */
  readonly switchLog: () => readonly SeenRequest[];
  /** Tells each of these as it comes. */
  watchSwitch(listener: (request: SeenRequest) => void): void;
  /** What the computer got by USB. */
  readonly hidLog: () => readonly SeenReport[];
  /** Tells each of these as it comes. */
  watchHid(listener: (report: SeenReport) => void): void;
  /** Plays a side action of the recordings; false when this rig has no such thing. */
  action(action: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Resolves when a capture that has been started answers. */
  settled(): Promise<void>;
}

/** Starts the rig with the facts of reference.yaml. */
export async function startGoldenRig(): Promise<GoldenRig> {
  const directory = await mkdtemp(join(tmpdir(), 'golden-rig-'));
  const logFile = new LogFile({ dir: join(directory, 'log') });
  const log = createLogger({ level: 'info', destinations: [logFile] });
  log.info({ directory }, 'Starting');
  for (const part of ['hid', 'atx', 'streamer']) log.info({ part }, 'A fake device');
  log.info({}, 'Ready');
  const hid = await startGoldenHid(directory, log);
  const capture = await FakeCapture.start({ directory });
  const { source } = capture;
  const imagesDir = join(directory, 'msd');
  const kernel = new FakeGpioKernel();
  const gpio = await startGoldenGpio(kernel, log);
  const atx = await startGoldenAtx(kernel, log);
  const plugged = new FakePikvmSwitch(join(directory, 'kvmd-switch'));
  const units = goldenSwitch(plugged.path, log);
  const ocr = new Ocr({ langs: ['eng'], tessdata: '', log });
  await ocr.refresh();
  const rig = await FrontRig.start({
    h264: H264,
    ...{ hidDriver: hid.driver, atxDriver: atx, source, ocr, log },
    ...{ gpio: gpio.gpio, switch: units.switch },
    info: await recordedBox(directory),
    imagesDir,
    imagesLimit: STORAGE_BYTES,
    http: {
      logReader: new FileLogReader(logFile),
      peerCredentials,
      videoFront: { serveStreamer, serveMediaSocket, mediaStateOf },
    },
  });
  // A path that also a peer without privileges may enter.
  await chmod(directory, 0o755);
  const socketPath = join(directory, 'http.sock');
  const listenForOthers = async () => {
    await rig.server.listen({ path: socketPath });
    await chmod(socketPath, 0o666);
  };
  await listenForOthers();
  let variant = VARIANTS.default;
  return {
    port: rig.port,
    socketPath,
    switchLog: () => plugged.requests,
    watchSwitch(listener) {
      plugged.onRequest = listener;
    },
    hidLog: hid.reports,
    watchHid: hid.watch,
    async action({
      reset,
      totp_secret,
      gpio_input,
      hid_leds,
      udc,
      video,
      msd_mkdir,
      msd_gadget,
      switch_units,
    }) {
      if (totp_secret !== undefined) await rig.setTotp(String(totp_secret));
      else if (gpio_input !== undefined) setInput(kernel, gpio_input as GpioInput);
      else if (hid_leds !== undefined) hid.setLeds(Number(hid_leds));
      else if (udc !== undefined) await hid.setUdc(String(udc));
      else if (video !== undefined) await capture.plug(video === 'present' ? 'present' : 'absent');
      else if (msd_mkdir !== undefined) await makeFolder(imagesDir, String(msd_mkdir));
      else if (msd_gadget !== undefined) rig.msd.exist(msd_gadget === 'present');
      else if (switch_units !== undefined) plugged.plug(Number(switch_units));
      else if (typeof reset === 'string' && VARIANTS[reset]) {
        if (VARIANTS[reset] !== variant) {
          variant = VARIANTS[reset];
          await rig.restart(variant);
          await listenForOthers();
        }
        plugged.unplug();
        resetSwitch(units.switch);
        hid.setLeds(0);
        await hid.setUdc('configured');
        await restoreDefaults(rig, capture, kernel);
        await emptyStorage(rig, imagesDir);
      } else return false;
      return true;
    },
    async settled() {
      const feed = rig.machine.streamer.feed.value;
      if (!feed?.report) return;
      await until(feed.report, (report) => report !== undefined, AbortSignal.timeout(SETTLED_MS));
    },
    async [Symbol.asyncDispose]() {
      await rig.close();
      await gpio.close();
      await atx[Symbol.asyncDispose]();
      await hid.close();
      await units.close();
      plugged.unplug();
      await logFile.flush();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeFolder(imagesDir: string, folder: string): Promise<void> {
  await mkdir(join(imagesDir, folder), { recursive: true });
}

/** Takes out what is in the drive and removes every image; the server has seen it when this resolves. */
async function emptyStorage(rig: FrontRig, imagesDir: string): Promise<void> {
  const { msd } = rig.machine;
  const signal = AbortSignal.timeout(SETTLED_MS);
  await until(msd.state, ({ online, busy }) => online && !busy, signal);
  await msd.reset();
  for (const name of await readdir(imagesDir)) await rm(join(imagesDir, name), { recursive: true });
  const isEmpty = ({ storage }: MsdState) => Object.keys(storage?.images ?? {}).length === 0;
  await until(msd.state, isEmpty, signal);
}

/** The server is not started anew; what the groups change goes back to what it was. */
async function restoreDefaults(
  rig: FrontRig,
  capture: FakeCapture,
  kernel: FakeGpioKernel,
): Promise<void> {
  for (const line of INPUT_LINES) kernel.input(line, false);
  rig.msd.exist(true);
  await capture.plug('present');
  rig.machine.streamer.setParams({
    ...{ quality: 80, desired_fps: 30, h264_bitrate: 5000, h264_gop: 0 },
  });
}

interface GpioInput {
  readonly pin: number;
  readonly value: number;
}

function setInput(kernel: FakeGpioKernel, { pin, value }: GpioInput): void {
  kernel.input(pin, value === 1);
}

/** The facts of reference.yaml as files. */
async function recordedBox(directory: string) {
  const tree = join(directory, 'device-tree');
  const extrasDir = join(directory, 'extras');
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, 'model'), 'Virtual Raspberry Pi\0');
  await writeFile(join(tree, 'serial-number'), '0000000000000000\0');
  const platformFile = join(directory, 'platform');
  await writeFile(
    platformFile,
    'PIKVM_MODEL=test_model\nPIKVM_VIDEO=test_video\nPIKVM_BOARD=test_board\n',
  );
  for (const [name, place] of [
    ['ipmi', 21],
    ['vnc', 20],
  ] as const) {
    const title = name.toUpperCase();
    await mkdir(join(extrasDir, name), { recursive: true });
    await writeFile(
      join(extrasDir, name, 'manifest.yaml'),
      `name: ${title}\ndescription: Show ${title} information\nicon: share/svg/${name}.svg\n` +
        `path: ${name}\ndaemon: kvmd-${name}\nport: ${name}/port\nplace: ${place}\n`,
    );
  }
  const vcgencmd = join(directory, 'vcgencmd');
  await writeFile(vcgencmd, '#!/bin/sh\necho throttled=0x0\n', { mode: 0o755 });
  const sysDir = join(directory, 'sys');
  const zone = join(sysDir, 'class/thermal/thermal_zone0');
  await mkdir(zone, { recursive: true });
  await writeFile(join(zone, 'temp'), '36511\n');
  await writeFile(join(zone, 'type'), 'cpu-thermal\n');
  const unitsDir = join(directory, 'units');
  await mkdir(unitsDir, { recursive: true });
  const ports: Readonly<Record<string, number>> = { 'ipmi/port': 623, 'vnc/port': 5900 };
  return {
    configValue: (path: string) => ports[path],
    deviceTreeDir: tree,
    platformFile,
    extrasDir,
    sysDir,
    unitsDir,
    vcgencmd: [vcgencmd] as const,
  };
}
