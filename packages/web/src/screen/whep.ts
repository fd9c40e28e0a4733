/** What of an RTCPeerConnection is used to open a stream. */
export type WhepPeer = Pick<
  RTCPeerConnection,
  | 'createOffer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'localDescription'
  | 'iceGatheringState'
  | 'addEventListener'
>;

/** Sends a request; throws when it is refused. */
export type WhepRequest = (path: string, init: RequestInit) => Promise<Response>;

/** Where offers go (RFC 9725 for viewers: WHEP). */
const ENDPOINT = 'api/media/whep';
/** Addresses that are not known by then are left out of the offer, in ms. */
const GATHERING_LIMIT_MS = 1_000;

/**
 * Opens a stream of what the peer has transceivers for; gives what ends it on the server. `change`
 * is made to the offer.
 */
export async function openWhep(
  peer: WhepPeer,
  request: WhepRequest,
  change: (offer: string) => string = (offer) => offer,
): Promise<() => void> {
  const { type, sdp = '' } = await peer.createOffer();
  await peer.setLocalDescription({ type, sdp: change(sdp) });
  await untilGathered(peer);
  const answer = await request(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: peer.localDescription?.sdp ?? '',
  });
  const location = answer.headers.get('location');
  const end = () => {
    if (location === null) return;
    // A Location counts from what was asked (RFC 9110, 10.2.2).
    const at = new URL(location, answer.url).href;
    // It ends by itself when the server is away.
    void request(at, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  };
  try {
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  } catch (error) {
    end();
    throw error;
  }
  return end;
}

const isH264 = ({ mimeType }: RTCRtpCodec) => mimeType.toLowerCase() === 'video/h264';

/** The same codecs, H.264 before all others. */
export function h264First(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  return [...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))];
}

function untilGathered(peer: WhepPeer): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_LIMIT_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}
