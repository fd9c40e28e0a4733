import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveStreamer } from '../../src/frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../../src/frontends/ws/media-socket.ts';
import { LogFile } from '../../src/info/log-file.ts';
import { FileLogReader } from '../../src/info/log-reader.ts';
import { createLogger } from '../../src/logger.ts';
import { peerCredentials } from '../../src/platform/peer-cred.ts';
import { type FakeVideoFeed, FakeVideoSource } from '../fakes/fake-video-source.ts';
import { NullHidDriver } from '../fakes/null-hid-driver.ts';
import { FrontRig } from './front-rig.ts';

/** GPIO lines of the recorded rig's front panel. */
const POWER_LED = 24;
const HDD_LED = 22;

/** The server of the recordings: the front ends and all policy over hardware that only pretends. */
export interface GoldenRig extends AsyncDisposable {
  readonly port: number;
  /** Other users may connect, too. */
  readonly socketPath: string;
  /** Plays a side action of the recordings; false when this rig has no such thing. */
  action(action: Readonly<Record<string, unknown>>): Promise<boolean>;
}

/** Starts the rig with the facts of reference.yaml. */
export async function startGoldenRig(): Promise<GoldenRig> {
  const directory = await mkdtemp(join(tmpdir(), 'golden-rig-'));
  const logFile = new LogFile({ dir: join(directory, 'log') });
  const log = createLogger({ level: 'info', destinations: [logFile] });
  log.info({ directory }, 'Starting');
  for (const part of ['hid', 'atx', 'streamer']) log.info({ part }, 'A fake device');
  log.info({}, 'Ready');
  const hidDriver = new NullHidDriver();
  const source = new Screen();
  const rig = await FrontRig.start({
    ...{ hidDriver, source, log },
    info: await recordedBox(directory),
    http: {
      logReader: new FileLogReader(logFile),
      peerCredentials,
      videoFront: { serveStreamer, serveMediaSocket, mediaStateOf },
    },
  });
  // A path that also a peer without privileges may enter.
  await chmod(directory, 0o755);
  const socketPath = join(directory, 'http.sock');
  await rig.server.listen({ path: socketPath });
  await chmod(socketPath, 0o666);
  return {
    port: rig.port,
    socketPath,
    async action({ reset, totp_secret, gpio_input, hid_leds, video }) {
      if (totp_secret !== undefined) await rig.setTotp(String(totp_secret));
      else if (gpio_input !== undefined) return setLed(rig, gpio_input as GpioInput);
      else if (hid_leds !== undefined) setKeyboardLeds(hidDriver, Number(hid_leds));
      else if (video !== undefined) source.show(String(video));
      else if (reset === 'default') restoreDefaults(rig, hidDriver, source);
      else return false;
      return true;
    },
    async [Symbol.asyncDispose]() {
      await rig.close();
      await logFile.flush();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The server is not started anew; what the groups change goes back to what it was. */
function restoreDefaults(rig: FrontRig, driver: NullHidDriver, screen: Screen): void {
  rig.atx.leds.set({ power: false, hdd: false });
  setKeyboardLeds(driver, 0);
  screen.show('present');
  rig.machine.streamer.setParams({ quality: 80, desired_fps: 30 });
}

interface GpioInput {
  readonly pin: number;
  readonly value: number;
}

function setLed(rig: FrontRig, { pin, value }: GpioInput): boolean {
  if (pin === POWER_LED) rig.atx.leds.patch({ power: value === 1 });
  else if (pin === HDD_LED) rig.atx.leds.patch({ hdd: value === 1 });
  else return false;
  return true;
}

/** The bits of USB's output report: num, caps, scroll. */
function setKeyboardLeds(driver: NullHidDriver, bits: number): void {
  const { keyboard } = driver.state.value;
  const leds = { num: (bits & 1) !== 0, caps: (bits & 2) !== 0, scroll: (bits & 4) !== 0 };
  driver.state.patch({ keyboard: { ...keyboard, leds } });
}

/** A picture of 1280x720 that never changes. */
class Screen extends FakeVideoSource {
  #video = 'present';

  override open(...given: Parameters<FakeVideoSource['open']>): FakeVideoFeed {
    const feed = super.open(...given);
    queueMicrotask(() => this.#draw(feed));
    return feed;
  }

  show(video: string): void {
    this.#video = video;
    if (this.feed) this.#draw(this.feed);
  }

  #draw(feed: FakeVideoFeed): void {
    if (this.#video === 'present') feed.pushFilled(1280, 720, [0, 0, 255]);
    else feed.signal.set({ online: false, reason: `The video is ${this.#video}` });
  }
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
