import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { RtcConnection, type RtcKind } from '../src/platform/rtc-connection.ts';
import { WebRtc } from '../src/video/webrtc.ts';
import { FakeVideoSource } from './fakes/fake-video-source.ts';
import { launchBrowser } from './support/browser.ts';
import { FrontRig } from './support/front-rig.ts';
import { type Colour, isNear } from './support/h264-stream.ts';
import { playJanus } from './support/janus-player.ts';
import {
  askJanus,
  endWhep,
  heardVerbs,
  middleOfVideo,
  receiverStats,
  watchWhep,
} from './support/webrtc-page.ts';

const RED: Colour = [200, 0, 0];
const GREEN: Colour = [0, 200, 0];
const BLUE: Colour = [0, 0, 200];
const WAIT = { timeout: 10_000 };
const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};

describe('WebRTC', () => {
  let browser: Browser;
  let page: Page;
  let rig: FrontRig;
  let source: FakeVideoSource;
  let webRtc: WebRtc;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    source = new FakeVideoSource({ online: true, width: 320, height: 240 });
    const ports = { minPort: 0, maxPort: 0 };
    webRtc = new WebRtc({
      ...{ bindAddress: undefined, ...ports, stun: '', maxViewers: 4, log: silentLog },
    });
    rig = await FrontRig.start({ source, h264: H264, http: { webRtc } });
    const context = await browser.newContext();
    const [name = '', value = ''] = (await rig.login()).split('=');
    await context.addCookies([{ name, value, url: rig.url }]);
    page = await context.newPage();
    await page.goto(`${rig.url}/api/openapi.json`);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await page.context().close();
    webRtc.close();
    await rig.close();
  });

  const show = (colour: Colour, width = 640, height = 480) =>
    source.feed?.pushFilled(width, height, [...colour]);
  const untilShown = async (colour: Colour) => {
    const isShown = async () => isNear((await page.evaluate(middleOfVideo)) ?? undefined, colour);
    await expect.poll(isShown, WAIT).toBe(true);
  };

  it('shows the screen to who comes by WHEP, also after silence, until the end', async () => {
    const location = await page.evaluate(watchWhep, `${rig.url}/api/media/whep`);
    expect(location).toMatch(/\/api\/media\/whep\?id=[0-9a-f]{32}$/);
    await expect.poll(() => source.feed, WAIT).toBeDefined();
    show(RED);
    await untilShown(RED);
    // It is sent again a little until it is sharp; then it is silent.
    const decoded = async () => (await page.evaluate(receiverStats, 'video')).framesDecoded;
    await expect.poll(decoded, WAIT).toBeGreaterThanOrEqual(3);
    for (const colour of [GREEN, BLUE]) {
      show(colour);
      await untilShown(colour);
    }
    show(RED, 322, 242);
    await untilShown(RED);
    expect(await page.evaluate(endWhep)).toBe(200);
    await expect.poll(() => source.feed?.watched ?? false, WAIT).toBe(false);
    expect(await page.evaluate(endWhep)).toBe(400);
  });

  it("plays PiKVM's exchange over Janus's API", async () => {
    const url = `${rig.url.replace('http', 'ws')}/janus/ws`;
    const options = { url, audio: false };
    const [features, offered, started, offer = ''] = await playJanus(page, options);
    const event = (result: object) => ({ ustreamer: 'event', result });
    expect(JSON.parse(features ?? '')).toEqual(
      event({ status: 'features', features: { audio: false, mic: false, ice: { url: '' } } }),
    );
    expect(JSON.parse(offered ?? '')).toEqual(event({ status: 'started' }));
    expect(JSON.parse(started ?? '')).toEqual(event({ status: 'started' }));
    for (const line of [
      'a=mid:v',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F',
      'a=rtcp-fb:96 ccm fir',
      'a=rtcp-fb:96 nack',
      'a=rtcp-fb:96 nack pli',
      'a=rtcp-fb:96 goog-remb',
      'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
      'a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
    ]) {
      expect(offer.split('\r\n')).toContain(line);
    }
    expect(offer.match(/a=candidate:.*/g)).toEqual([expect.stringContaining(' 127.0.0.1 ')]);
    await expect.poll(() => source.feed, WAIT).toBeDefined();
    show(GREEN);
    await untilShown(GREEN);
    expect(await page.evaluate(heardVerbs)).toContain('webrtcup');
    const keys = async () => (await page.evaluate(receiverStats, 'video')).keyFramesDecoded ?? 0;
    const before = await keys();
    void page.evaluate(askJanus, 'key_required').catch(() => undefined);
    await expect.poll(keys, WAIT).toBeGreaterThan(before);
    const stopped = await page.evaluate(askJanus, 'stop');
    expect(JSON.parse(stopped)).toEqual(event({ status: 'stopped' }));
    await expect.poll(() => source.feed?.watched ?? false, WAIT).toBe(false);
  });

  it('sends again what was lost on the way', async () => {
    const send = RtcConnection.prototype.send;
    let count = 0;
    let lost = 0;
    vi.spyOn(RtcConnection.prototype, 'send').mockImplementation(function (
      this: RtcConnection,
      kind: RtcKind,
      packet: Buffer,
    ) {
      count += 1;
      if (count % 10 !== 0) return send.call(this, kind, packet);
      lost += 1;
      return true;
    });
    await page.evaluate(watchWhep, `${rig.url}/api/media/whep`);
    await expect.poll(() => source.feed, WAIT).toBeDefined();
    for (let more = 0; lost < 5; more += 1) {
      const colour = [RED, GREEN, BLUE][more % 3] ?? RED;
      show(colour);
      await untilShown(colour);
    }
    const { nackCount = 0 } = await page.evaluate(receiverStats, 'video');
    expect(nackCount).toBeGreaterThan(0);
  });

  it('ends with the session', async () => {
    await page.evaluate(watchWhep, `${rig.url}/api/media/whep`);
    await expect.poll(() => source.feed, WAIT).toBeDefined();
    show(RED);
    await untilShown(RED);
    await page.evaluate(() => fetch('auth/logout', { method: 'POST' }));
    await expect.poll(() => source.feed?.watched ?? false, WAIT).toBe(false);
  });

  it('says why not', async () => {
    const whep = `${rig.url}/api/media/whep`;
    const post = (body: string, headers: Record<string, string>) =>
      fetch(whep, { method: 'POST', body, headers });
    const auth = { 'x-kvmd-user': 'admin', 'x-kvmd-passwd': 'admin' };
    expect((await post('v=0', {})).status).toBe(401);
    expect((await post('junk', auth)).status).toBe(400);
    expect((await post('v=0\r\n', auth)).status).toBe(400);
    expect((await fetch(whep, { method: 'PATCH', headers: auth })).status).toBe(405);
    expect((await fetch(`${rig.url}/janus/ws`, { headers: auth })).status).toBe(426);
    const without = await FrontRig.start({ source: new FakeVideoSource() });
    const there = `${without.url}/api/media/whep`;
    const refused = await fetch(there, { method: 'POST', body: 'v=0', headers: auth });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ result: { error: 'UnavailableError' } });
    await without.close();
  });
});
