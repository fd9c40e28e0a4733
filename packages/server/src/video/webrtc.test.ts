import { expect, it, vi } from 'vitest';
import { silentLog } from '../core/log.ts';
import { WebRtc, type WebRtcMachine } from './webrtc.ts';

vi.mock('node-datachannel', () => {
  throw new Error("Cannot find package 'node-datachannel'");
});

const make = (maxViewers = 4) =>
  new WebRtc({
    ...{ bindAddress: undefined, minPort: 0, maxPort: 0, stun: '', maxViewers, log: silentLog },
  });
const machine = (offersH264: boolean, trouble?: string) =>
  ({ video: { offersH264 }, sound: { trouble } }) as unknown as WebRtcMachine;
const UNAVAILABLE = { name: 'UnavailableError' };
const OFFER = [
  ...['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=mid:0', 'a=rtpmap:102 H264/90000'],
  'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
].join('\r\n');

it('says what to install where the library is missing', async () => {
  const webRtc = make();
  const message = expect.stringContaining('npm install --include=optional');
  const refusal = { ...UNAVAILABLE, message };
  await expect(webRtc.offer(machine(true), undefined, true)).rejects.toMatchObject(refusal);
  await expect(webRtc.answer(machine(true), OFFER, undefined)).rejects.toMatchObject(refusal);
  webRtc.close();
});

it('refuses machines without H.264, and more viewers than there may be', async () => {
  await expect(make().offer(machine(false), undefined, true)).rejects.toMatchObject(UNAVAILABLE);
  await expect(make(0).offer(machine(true), undefined, true)).rejects.toMatchObject(UNAVAILABLE);
});

it('refuses offers that take no H.264 in mode 1', async () => {
  for (const offer of ['', 'v=0', OFFER.replace('mode=1', 'mode=0')]) {
    const answer = make().answer(machine(true), offer, undefined);
    await expect(answer).rejects.toMatchObject({ name: 'ValidatorError' });
  }
});

it('says why there is nothing to hear to who wants only sound', async () => {
  const offer = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2';
  const mute = machine(false, 'The machine is mute.');
  const refusal = { ...UNAVAILABLE, message: 'The machine is mute.' };
  await expect(make().answer(mute, offer, undefined)).rejects.toMatchObject(refusal);
  // With sound it comes as far as the library.
  const answer = make().answer(machine(false), offer, undefined);
  await expect(answer).rejects.toThrow('npm install');
  const sending = make().answer(machine(false), `${offer}\r\na=sendonly`, undefined);
  await expect(sending).rejects.toMatchObject({ name: 'ValidatorError' });
});
