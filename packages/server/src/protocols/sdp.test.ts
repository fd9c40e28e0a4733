import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSdp, SDP_MAX_BYTES, SdpError } from './sdp.ts';
import { hasAddress, withHostAddress, withoutNames } from './sdp-candidates.ts';

const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 9',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 102 104 106',
  'a=mid:1',
  'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'a=extmap:3/sendonly urn:other',
  'a=extmap:20 urn:too-large',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
  'a=rtpmap:104 H264/90000',
  'a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f',
  'a=rtpmap:106 H264/90000',
  'a=fmtp:106 profile-level-id=42E01F; packetization-mode=1',
  '',
];

it('finds the ways to send H.264, and the header extensions', () => {
  for (const end of ['\r\n', '\n']) {
    const [audio, video] = parseSdp(OFFER.join(end));
    expect(audio).toMatchObject({ kind: 'audio', mid: '0', payloadTypes: [111, 9], h264: [] });
    expect(video).toMatchObject({
      ...{ kind: 'video', mid: '1', payloadTypes: [96, 102, 104, 106] },
      h264: [
        { payloadType: 102, profile: '42001f' },
        { payloadType: 106, profile: '42E01F' },
      ],
    });
    expect([...(video?.extensions ?? [])]).toEqual([
      ['http://www.webrtc.org/experiments/rtp-hdrext/playout-delay', 5],
      ['urn:other', 3],
    ]);
  }
});

it('finds Opus, and whether the peer takes it', () => {
  const audio = (...lines: string[]) =>
    parseSdp(['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', ...lines].join('\r\n'))[0];
  expect(audio('a=rtpmap:111 opus/48000/2')).toMatchObject({ opus: 111, receives: true });
  expect(audio('a=rtpmap:109 OPUS/48000/2', 'a=recvonly')).toMatchObject({
    ...{ opus: 109, receives: true },
  });
  for (const direction of ['sendonly', 'inactive']) {
    expect(audio(`a=${direction}`)).toMatchObject({ opus: undefined, receives: false });
  }
  expect(audio('a=rtpmap:200 opus/48000/2', 'a=rtpmap:9 G722/8000')?.opus).toBeUndefined();
});

it('refuses what is no description', () => {
  for (const bad of ['', 'hello', 'v=0\r\nm=', `v=0${'x'.repeat(SDP_MAX_BYTES)}`]) {
    expect(() => parseSdp(bad)).toThrow(SdpError);
  }
});

it('throws nothing else for any text', () => {
  const line = fc.oneof(fc.constantFrom(...OFFER), fc.string());
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        parseSdp(['v=0', ...lines].join('\r\n'));
      } catch (error) {
        expect(error).toBeInstanceOf(SdpError);
      }
    }),
  );
});

it('puts the address in the place of those of the host, and keeps what others saw', () => {
  const lines = [
    'm=video 1 UDP/TLS/RTP/SAVPF 96',
    'a=candidate:2 1 UDP 2116026111 fd00::2 5000 typ host',
    'a=candidate:1 1 UDP 2114977791 192.0.2.2 5000 typ host',
    'a=candidate:3 1 UDP 1678769919 198.51.100.7 5000 typ srflx raddr 0.0.0.0 rport 0',
    'a=end-of-candidates',
  ];
  const [medium, first, second, seen, end] = lines;
  const given = lines.join('\r\n');
  expect(withHostAddress(given, '192.0.2.2').split('\r\n')).toEqual([medium, second, seen, end]);
  expect(withHostAddress(given, '127.0.0.1').split('\r\n')).toEqual([
    ...[medium, first?.replace('fd00::2', '127.0.0.1'), seen, end],
  ]);
  expect(withHostAddress('m=video', '127.0.0.1')).toBe('m=video');
});

it('leaves out candidates with a name, which would be asked for', () => {
  const candidate = (address: string) => `a=candidate:1 1 udp 2113937151 ${address} 51234 typ host`;
  const addresses = ['192.0.2.1', '2001:db8::1', '::1', '::ffff:192.0.2.1'];
  const names = ['5f0cf6b3-2a61-4b52-9c0e-2f6b1f3f8d11.local', 'evil.example', 'fe80', ''];
  expect(addresses.map((each) => hasAddress(candidate(each)))).toEqual([true, true, true, true]);
  expect(names.map((each) => hasAddress(candidate(each)))).toEqual([false, false, false, false]);
  expect(hasAddress('')).toBe(false);
  const kept = ['v=0', candidate('192.0.2.1'), 'a=mid:v', ''];
  const [first = '', ...rest] = kept;
  const given = [first, ...names.map(candidate), ...rest];
  expect(withoutNames(given.join('\r\n'))).toBe(kept.join('\r\n'));
});
