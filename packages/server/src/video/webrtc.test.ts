import { expect, it, vi } from 'vitest';
import { silentLog } from '../core/log.ts';
import type { Video } from './video.ts';
import { WebRtc } from './webrtc.ts';

vi.mock('node-datachannel', () => {
  throw new Error("Cannot find package 'node-datachannel'");
});

const make = (maxViewers = 4) =>
  new WebRtc({
    ...{ bindAddress: undefined, minPort: 0, maxPort: 0, stun: '', maxViewers, log: silentLog },
  });
const video = (offersH264: boolean) => ({ offersH264 }) as Video;
const UNAVAILABLE = { name: 'UnavailableError' };
const OFFER = [
  ...['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=mid:0', 'a=rtpmap:102 H264/90000'],
  'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
].join('\r\n');

it('says what to install where the library is missing', async () => {
  const webRtc = make();
  const message = expect.stringContaining('npm install --include=optional');
  const refusal = { ...UNAVAILABLE, message };
  await expect(webRtc.offer(video(true), undefined)).rejects.toMatchObject(refusal);
  await expect(webRtc.answer(video(true), OFFER, undefined)).rejects.toMatchObject(refusal);
  webRtc.close();
});

it('refuses machines without H.264, and more viewers than there may be', async () => {
  await expect(make().offer(video(false), undefined)).rejects.toMatchObject(UNAVAILABLE);
  await expect(make(0).offer(video(true), undefined)).rejects.toMatchObject(UNAVAILABLE);
});

it('refuses offers that take no H.264 in mode 1', async () => {
  for (const offer of ['', 'v=0', OFFER.replace('mode=1', 'mode=0')]) {
    const answer = make().answer(video(true), offer, undefined);
    await expect(answer).rejects.toMatchObject({ name: 'ValidatorError' });
  }
});
