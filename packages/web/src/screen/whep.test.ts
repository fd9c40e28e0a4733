import { expect, it, vi } from 'vitest';
import { h264First, openWhep, type WhepPeer } from './whep.ts';

const CODECS = ['video/VP8', 'video/H264', 'video/rtx'].map((mimeType) => ({
  mimeType,
  clockRate: 90_000,
}));

function fakePeer(setRemoteDescription = vi.fn(async () => {})) {
  const peer = {
    createOffer: async () => ({ type: 'offer', sdp: 'offer' }),
    setLocalDescription: vi.fn(async () => {}),
    setRemoteDescription,
    localDescription: { type: 'offer', sdp: 'gathered offer' },
    iceGatheringState: 'complete',
    addEventListener: vi.fn(),
  };
  return { peer: peer as unknown as WhepPeer, setRemoteDescription };
}

const answered = () =>
  vi.fn(async (_path: string, _init: RequestInit) => {
    const headers = { location: 'whep?id=7' };
    const answer = new Response('answer', { status: 201, headers });
    return Object.defineProperty(answer, 'url', { value: 'https://host/m/a/api/media/whep' });
  });

it('prefers H.264 and keeps the other codecs', () => {
  expect(h264First(CODECS).map(({ mimeType }) => mimeType)).toEqual([
    'video/H264',
    'video/VP8',
    'video/rtx',
  ]);
});

it('offers, takes the answer, and deletes what it opened', async () => {
  const { peer, setRemoteDescription } = fakePeer();
  const request = answered();
  const end = await openWhep(peer, request, (offer) => `${offer}, changed`);
  const changed = { type: 'offer', sdp: 'offer, changed' };
  expect(peer.setLocalDescription).toHaveBeenCalledWith(changed);
  expect(request).toHaveBeenCalledWith(
    'api/media/whep',
    expect.objectContaining({ method: 'POST', body: 'gathered offer' }),
  );
  expect(setRemoteDescription).toHaveBeenCalledWith({ type: 'answer', sdp: 'answer' });
  end();
  expect(request).toHaveBeenLastCalledWith(
    'https://host/m/a/api/media/whep?id=7',
    expect.objectContaining({ method: 'DELETE' }),
  );
});

it('tells a refusal, and deletes what it cannot use', async () => {
  const refused = vi.fn(() => Promise.reject(new Error('404')));
  await expect(openWhep(fakePeer().peer, refused)).rejects.toThrow('404');
  const request = answered();
  const { peer } = fakePeer(vi.fn(() => Promise.reject(new Error('no codec'))));
  await expect(openWhep(peer, request)).rejects.toThrow('no codec');
  expect(request).toHaveBeenCalledTimes(2);
});
