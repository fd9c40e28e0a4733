import { ValidatorError } from '@crashcart/api';
import type { RtcRefused, RtcSent } from '../platform/rtc-connection.ts';
import { parseSdp, SdpError, type SdpH264, type SdpMedium } from '../protocols/sdp.ts';

/** How a viewer is sent the picture. */
export interface AgreedPicture extends SdpH264 {
  readonly mid: string;
  readonly playoutDelayId: number | undefined;
  readonly captureTimeId: number | undefined;
}

/** How a viewer is sent the sound. */
export interface AgreedSound {
  readonly mid: string;
  readonly payloadType: number;
}

/** What a viewer is sent; one of both at least. */
export interface Agreed {
  readonly picture: AgreedPicture | undefined;
  readonly sound: AgreedSound | undefined;
}

const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
/** Constrained baseline, which ours is; and what every baseline decoder takes as well. */
const OUR_PROFILE = '42e01f';
/** Players take Opus for one channel unless told (RFC 7587, 6.1). */
const STEREO = 'minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1';

/** Of our own offer, as PiKVM's. */
export const OFFERED_PICTURE: AgreedPicture = {
  ...{ mid: 'v', payloadType: 96, profile: '42E01F' },
  ...{ playoutDelayId: 2, captureTimeId: 3 },
};
/** Of our own offer, as PiKVM's. */
export const OFFERED_SOUND: AgreedSound = { mid: 'a', payloadType: 111 };

/** The media of an offer. Throws ValidatorError. */
export function readOffer(offer: string): readonly SdpMedium[] {
  try {
    return parseSdp(offer);
  } catch (error) {
    if (!(error instanceof SdpError)) throw error;
    throw new ValidatorError(`The body is not an offer in SDP: ${error.message}`);
  }
}

/** The way to send the picture of an offer; undefined where it takes none of ours. */
export function pictureOf(media: readonly SdpMedium[]): AgreedPicture | undefined {
  const chosen = media.find(({ kind, h264 }) => kind === 'video' && h264.length > 0);
  const way = chosen && bestOf(chosen.h264);
  return (
    way && {
      ...{ ...way, mid: chosen.mid },
      playoutDelayId: chosen.extensions.get(PLAYOUT_DELAY),
      captureTimeId: chosen.extensions.get(CAPTURE_TIME),
    }
  );
}

/** The way to send the sound of an offer; undefined where it takes none. */
export function soundOf(media: readonly SdpMedium[]): AgreedSound | undefined {
  for (const { kind, receives, opus, mid } of media) {
    if (kind === 'audio' && receives && opus !== undefined) return { mid, payloadType: opus };
  }
  return undefined;
}

/** The media of an offer that are not served. */
export function refusedOf(
  media: readonly SdpMedium[],
  { picture, sound }: Agreed,
): readonly RtcRefused[] {
  return media.flatMap(({ kind, mid, payloadTypes: [payloadType] }) => {
    if ((kind !== 'audio' && kind !== 'video') || payloadType === undefined) return [];
    const isServed = mid === (kind === 'video' ? picture : sound)?.mid;
    return isServed ? [] : [{ kind, mid, payloadType }];
  });
}

/** The picture as the connection is told of it. */
export function sentPicture(ssrc: number, agreed: AgreedPicture): RtcSent {
  const { mid, payloadType, profile, playoutDelayId, captureTimeId } = agreed;
  const extension = (id: number | undefined, uri: string) =>
    id === undefined ? [] : [`a=extmap:${id} ${uri}`];
  return {
    ...{ kind: 'video', mid, payloadType, ssrc },
    format: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`,
    lines: [
      `a=rtcp-fb:${payloadType} ccm fir`,
      ...extension(playoutDelayId, PLAYOUT_DELAY),
      ...extension(captureTimeId, CAPTURE_TIME),
    ],
  };
}

/** The sound as the connection is told of it. */
export function sentSound(ssrc: number, { mid, payloadType }: AgreedSound): RtcSent {
  return { ...{ kind: 'audio', mid, payloadType, ssrc }, format: STEREO, lines: [] };
}

/** Constrained baseline of any level, else any baseline, else what the peer likes best. */
function bestOf(ways: readonly SdpH264[]): SdpH264 | undefined {
  const starting = (text: string) =>
    ways.find(({ profile }) => profile.toLowerCase().startsWith(text));
  return starting(OUR_PROFILE) ?? starting('42e0') ?? starting('42') ?? ways[0];
}
