import { expect, it } from 'vitest';
import { withStereo } from './stereo.ts';

const OFFER = [
  ...['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63', 'a=rtpmap:111 opus/48000/2'],
  ...['a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111', ''],
].join('\r\n');

it('asks for two channels, and changes nothing else', () => {
  const wanted = OFFER.replace('useinbandfec=1', 'useinbandfec=1;stereo=1');
  expect(withStereo(OFFER)).toBe(wanted);
  expect(withStereo(wanted)).toBe(wanted);
  expect(withStereo(OFFER.replaceAll('\r', ''))).toBe(wanted.replaceAll('\r', ''));
  for (const other of ['', OFFER.replace('opus', 'other')]) expect(withStereo(other)).toBe(other);
});
