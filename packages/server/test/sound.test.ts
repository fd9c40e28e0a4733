import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { DerivedCell, until } from '../src/core/state.ts';
import { QemuVideoSource } from '../src/drivers/qemu/streamer.ts';
import { findOpusEncoder } from '../src/video/opus-probe.ts';
import { WebRtc } from '../src/video/webrtc.ts';
import { launchBrowser } from './support/browser.ts';
import { FrontRig } from './support/front-rig.ts';
import {
  SerialLine,
  startTestMachine,
  type TestMachine,
  testGuest,
  untilRunning,
} from './support/guest.ts';
import { listenWhep, startHearing, untilHeard, untilSilent } from './support/hearing-page.ts';
import { playJanus } from './support/janus-player.ts';
import { type RecordingLog, recordingLog } from './support/recording-log.ts';
import { encoders } from './support/sound-encoders.ts';
import { endWhep, receiverStats, watchWhep } from './support/webrtc-page.ts';

const WAIT = { timeout: 20_000, interval: 50 };
const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};

describe('the sound of a QEMU machine', () => {
  let browser: Browser;
  let machine: TestMachine;
  let serial: SerialLine;
  let source: QemuVideoSource;
  let webRtc: WebRtc;
  let rig: FrontRig;
  let page: Page;
  let log: RecordingLog;

  beforeAll(async () => {
    browser = await launchBrowser(['--autoplay-policy=no-user-gesture-required']);
    machine = await startTestMachine({ linux: testGuest() });
    await untilRunning(machine.machine);
    serial = new SerialLine(machine.machine.serialSocketPath);
    await serial.waitFor(/guest# /, 60_000);
  });
  afterAll(async () => {
    serial?.close();
    await machine?.[Symbol.asyncDispose]();
    await browser?.close();
  });

  beforeEach(async () => {
    log = recordingLog();
    const { vncSocketPath, runState, hasSound } = machine.machine;
    source = new QemuVideoSource({
      ...{ vncSocketPath, hasSound, log, onLeds: () => {}, offReason: () => 'off' },
      powered: new DerivedCell([runState], () => runState.value === 'running'),
    });
    const open = await findOpusEncoder(log);
    const ports = { minPort: 0, maxPort: 0, stun: '' };
    webRtc = new WebRtc({ bindAddress: undefined, ...ports, maxViewers: 4, log: silentLog });
    const sound = { source: source.sound, open, log };
    rig = await FrontRig.start({ source, sound, h264: H264, http: { webRtc } });
    const context = await browser.newContext();
    const [name = '', value = ''] = (await rig.login()).split('=');
    await context.addCookies([{ name, value, url: rig.url }]);
    page = await context.newPage();
    await page.goto(`${rig.url}/api/openapi.json`);
    const limit = AbortSignal.timeout(20_000);
    await until(source.sound.trouble, (trouble) => trouble === undefined, limit);
  });
  afterEach(async () => {
    await page.context().close();
    webRtc.close();
    await rig.close();
    await source[Symbol.asyncDispose]();
  });

  const whep = () => `${rig.url}/api/media/whep`;
  const beep = (hz: number, ms: number) => serial.send(`beep ${hz} ${ms}`);
  /** Connections to QEMU's screen. */
  const connections = async () => {
    const answer = (await machine.machine.execute('query-vnc')) as { clients: unknown[] };
    return answer.clients.length;
  };

  it('is heard over WHEP beside the picture: a card, the speaker, and silence', async () => {
    expect(await page.evaluate(watchWhep, whep())).toMatch(/whep\?id=/);
    await page.evaluate(startHearing, undefined);
    const from = serial.text.length;
    serial.send('tone 3');
    await untilHeard(page, 500);
    await serial.waitFor(/tone played/, 30_000, from);
    await untilSilent(page);
    beep(440, 1900);
    await untilHeard(page, 440);
    await untilSilent(page);
    expect((await page.evaluate(receiverStats, 'audio')).packetsReceived).toBeGreaterThan(100);
    await expect
      .poll(async () => (await page.evaluate(receiverStats, 'video')).framesDecoded, WAIT)
      .toBeGreaterThan(0);
  });

  it('is heard alone, by a connection to QEMU that lasts no longer than that', async () => {
    const before = await connections();
    expect(await page.evaluate(listenWhep, whep())).toMatch(/whep\?id=/);
    await page.evaluate(startHearing, undefined);
    beep(880, 1900);
    await untilHeard(page, 880);
    expect(await connections()).toBe(before + 1);
    expect(await page.evaluate(endWhep)).toBe(200);
    await expect.poll(connections, WAIT).toBe(before);
    expect(encoders()).toEqual([]);
  });

  it("is heard by PiKVM's exchange over Janus's API where it is asked for", async () => {
    const url = `${rig.url.replace('http', 'ws')}/janus/ws`;
    const [features, , , offer = ''] = await playJanus(page, { url, audio: true });
    expect(JSON.parse(features ?? '')).toMatchObject({
      result: { features: { audio: true, mic: false } },
    });
    for (const line of ['a=mid:a', 'a=rtpmap:111 opus/48000/2', 'a=sendonly']) {
      expect(offer.split('\r\n')).toContain(line);
    }
    await page.evaluate(startHearing, undefined);
    beep(660, 1900);
    await untilHeard(page, 660);
    await untilSilent(page);
    await page.reload();
    const [, , , without = ''] = await playJanus(page, { url, audio: false });
    expect(without).not.toContain('m=audio');
  });

  it('comes back within 2 s when the encoder is killed, which is told once', async () => {
    await page.evaluate(listenWhep, whep());
    await page.evaluate(startHearing, undefined);
    serial.send('tone 12');
    await untilHeard(page, 500);
    const [pid] = encoders();
    if (pid === undefined) throw new Error('No encoder runs');
    process.kill(pid, 'SIGKILL');
    const killedMs = performance.now();
    await expect.poll(() => encoders().filter((each) => each !== pid), WAIT).toHaveLength(1);
    const received = async () => (await page.evaluate(receiverStats, 'audio')).packetsReceived ?? 0;
    const then = await received();
    await expect.poll(received, WAIT).toBeGreaterThan(then + 5);
    expect(performance.now() - killedMs).toBeLessThan(1900);
    await untilHeard(page, 500);
    expect(log.messages.filter((each) => each.startsWith('warn'))).toEqual([
      'warn The sound has ended; tried again',
    ]);
  });
});
