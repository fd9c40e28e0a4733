import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { findOpusEncoder } from '../src/video/opus-probe.ts';
import { Sound } from '../src/video/sound.ts';
import { WebRtc } from '../src/video/webrtc.ts';
import { launchBrowser } from './support/browser.ts';
import { FrontRig } from './support/front-rig.ts';
import { listenWhep, startHearing, untilHeard } from './support/hearing-page.ts';
import { recordingLog } from './support/recording-log.ts';
import { RtpListener } from './support/rtp-listener.ts';
import { encoders } from './support/sound-encoders.ts';
import { ToneCard } from './support/tone-card.ts';
import { endWhep } from './support/webrtc-page.ts';

const WAIT = { timeout: 20_000, interval: 50 };
const LISTENERS = 64;
/** What a session may have at once. */
const PER_SESSION = 16;

describe('the sound of a capture device', () => {
  let browser: Browser;
  let card: ToneCard;
  let webRtc: WebRtc;
  let rig: FrontRig;
  const log = recordingLog();

  beforeAll(async () => {
    browser = await launchBrowser(['--autoplay-policy=no-user-gesture-required']);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    card = new ToneCard(660);
    const ports = { minPort: 0, maxPort: 0, stun: '' };
    const maxViewers = LISTENERS;
    webRtc = new WebRtc({ bindAddress: '127.0.0.1', ...ports, maxViewers, log: silentLog });
    const open = await findOpusEncoder(log);
    const sound = { source: { kind: 'alsa', device: card.device }, open, log } as const;
    rig = await FrontRig.start({ sound, http: { webRtc } });
  });
  afterEach(async () => {
    webRtc.close();
    await rig.close();
    card[Symbol.dispose]();
  });

  const whep = () => `${rig.url}/api/media/whep`;

  async function open(): Promise<Page> {
    const context = await browser.newContext();
    const [name = '', value = ''] = (await rig.login()).split('=');
    await context.addCookies([{ name, value, url: rig.url }]);
    const page = await context.newPage();
    await page.goto(`${rig.url}/api/openapi.json`);
    return page;
  }

  it('is heard, and captured only while somebody listens', async () => {
    const page = await open();
    expect(encoders()).toEqual([]);
    expect(await page.evaluate(listenWhep, whep())).toMatch(/whep\?id=/);
    await page.evaluate(startHearing, undefined);
    await untilHeard(page, 660);
    expect(encoders()).toHaveLength(1);
    expect(await page.evaluate(endWhep)).toBe(200);
    await expect.poll(encoders, WAIT).toEqual([]);
    await page.context().close();
  });

  it(`is sent to ${LISTENERS} by one encoder, and to no more`, async () => {
    const listeners: RtpListener[] = [];
    let headers = {};
    for (let count = 0; count < LISTENERS; count += 1) {
      if (count % PER_SESSION === 0) headers = { cookie: await rig.login() };
      const listener = await RtpListener.start(whep(), headers);
      if (typeof listener === 'number') throw new Error(`Listener ${count} got ${listener}`);
      listeners.push(listener);
    }
    const more = { cookie: await rig.login() };
    expect(await RtpListener.start(whep(), more)).toBe(503);
    const before = listeners.map(({ packets }) => packets);
    const fewest = () =>
      Math.min(...listeners.map(({ packets }, index) => packets - (before[index] ?? 0)));
    await expect.poll(fewest, WAIT).toBeGreaterThan(100);
    expect(encoders()).toHaveLength(1);
    // Who goes without a word is missed when its checks stay away.
    for (const listener of listeners) listener[Symbol.dispose]();
    await expect.poll(encoders, { timeout: 60_000, interval: 50 }).toEqual([]);
  });

  it('is told of: a device that is not there, and a missing ffmpeg', async () => {
    const said = recordingLog();
    expect(await findOpusEncoder(said, 'no-such-ffmpeg')).toBeUndefined();
    expect(said.messages).toEqual(['info There is no sound']);
    const source = { kind: 'alsa', device: 'nowhere' } as const;
    const sound = new Sound({ source, open: await findOpusEncoder(said), log: said });
    const leave = sound.join(() => {});
    await expect
      .poll(() => sound.state, WAIT)
      .toEqual({
        reason: expect.stringContaining('nowhere'),
      });
    expect(said.messages.filter((each) => each.startsWith('warn'))).toHaveLength(1);
    leave();
    expect(sound.state).toEqual({ opus: {} });
    sound.close();
  });
});
