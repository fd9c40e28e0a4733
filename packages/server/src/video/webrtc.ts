import { randomInt } from 'node:crypto';
import { KvmError, ValidatorError } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import {
  RtcConnection,
  RtcMissingError,
  type RtcPlace,
  type RtcRefused,
  type RtcVideo,
} from '../platform/rtc-connection.ts';
import { parseSdp, SdpError, type SdpH264, type SdpMedium } from '../protocols/sdp.ts';
import { withHostAddress, withoutNames } from '../protocols/sdp-candidates.ts';
import type { Video } from './video.ts';
import { WebRtcViewer } from './webrtc-viewer.ts';

/** Where media go, as configured. */
export interface WebRtcOptions extends RtcPlace {
  /** Viewers of all machines together. */
  readonly maxViewers: number;
  readonly log: Log;
}

const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
/** Of our own offer, as PiKVM's. */
const OFFERED = { mid: 'v', playoutDelayId: 2, captureTimeId: 3 } as const;
/** Constrained baseline, which ours is; and what every baseline decoder takes as well. */
const OUR_PROFILE = '42e01f';
const OFFERED_H264: SdpH264 = { payloadType: 96, profile: '42E01F' };

interface Agreed extends SdpH264 {
  readonly mid: string;
  readonly playoutDelayId: number | undefined;
  readonly captureTimeId: number | undefined;
}

/** Makes viewers over WebRTC, for any machine; the library is loaded for the first of them. */
export class WebRtc {
  readonly #options: WebRtcOptions;
  readonly #viewers = new Set<WebRtcViewer>();
  #opening = 0;
  #isClosed = false;

  constructor(options: WebRtcOptions) {
    this.#options = options;
  }

  /** `stun:HOST:PORT` for the viewers' own use; '' = none. */
  get stun(): string {
    return this.#options.stun;
  }

  /**
   * A viewer that is offered the screen of `video`. `localAddress` is that of this host which it has
   * reached; undefined where a proxy stands between. Throws UnavailableError.
   */
  async offer(video: Video, localAddress: string | undefined): Promise<WebRtcViewer> {
    const agreed: Agreed = { ...OFFERED_H264, ...OFFERED };
    return this.#open(video, localAddress, agreed, (place, sent, viewer) =>
      RtcConnection.offer(place, sent, viewer.listener),
    );
  }

  /** A viewer that has made an offer. Throws ValidatorError and UnavailableError. */
  async answer(
    video: Video,
    offer: string,
    localAddress: string | undefined,
  ): Promise<WebRtcViewer> {
    const media = readOffer(offer);
    const chosen = media.find(({ kind, h264 }) => kind === 'video' && h264.length > 0);
    const way = chosen && bestOf(chosen.h264);
    if (!chosen || !way) throw new ValidatorError('The offer takes no H.264 in mode 1');
    const agreed: Agreed = {
      ...{ ...way, mid: chosen.mid },
      playoutDelayId: chosen.extensions.get(PLAYOUT_DELAY),
      captureTimeId: chosen.extensions.get(CAPTURE_TIME),
    };
    const refused = media.flatMap((medium) => (medium === chosen ? [] : refusalOf(medium)));
    return this.#open(video, localAddress, agreed, async (place, sent, viewer) => {
      try {
        return await RtcConnection.answer(
          place,
          withoutNames(offer),
          sent,
          refused,
          viewer.listener,
        );
      } catch (error) {
        if (error instanceof RtcMissingError) throw error;
        throw new ValidatorError(`The offer is not understood: ${String(error)}`);
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const viewer of [...this.#viewers]) viewer.close();
  }

  /** The description of a viewer's connection as the peer is to see it. */
  describe(viewer: WebRtcViewer, localAddress: string | undefined): string {
    const { description } = viewer;
    if (localAddress === undefined || this.#options.bindAddress !== undefined) return description;
    return withHostAddress(description, localAddress);
  }

  async #open(
    video: Video,
    localAddress: string | undefined,
    agreed: Agreed,
    connect: (place: RtcPlace, sent: RtcVideo, viewer: WebRtcViewer) => Promise<RtcConnection>,
  ): Promise<WebRtcViewer> {
    if (!video.offersH264) {
      throw new KvmError(
        'UnavailableError',
        'WebRTC needs H.264, which this machine does not have',
      );
    }
    if (this.#viewers.size + this.#opening >= this.#options.maxViewers) {
      throw new KvmError('UnavailableError', 'There are too many viewers over WebRTC');
    }
    const ssrc = randomInt(1, 2 ** 32);
    const viewer = new WebRtcViewer(video, {
      ...{ ssrc, payloadType: agreed.payloadType },
      ...{ playoutDelayId: agreed.playoutDelayId, captureTimeId: agreed.captureTimeId },
      firstSequence: randomInt(2 ** 15),
      firstTimestamp: randomInt(2 ** 32),
    });
    this.#opening += 1;
    try {
      viewer.adopt(await connect(this.#options, sentVideo(ssrc, agreed), viewer));
    } catch (error) {
      viewer.close();
      if (!(error instanceof RtcMissingError)) throw error;
      throw new KvmError('UnavailableError', error.message, { cause: error });
    } finally {
      this.#opening -= 1;
    }
    if (this.#isClosed) {
      viewer.close();
      throw new KvmError('UnavailableError', 'The server is stopping');
    }
    this.#viewers.add(viewer);
    viewer.ended.addEventListener('abort', () => this.#viewers.delete(viewer), { once: true });
    this.#options.log.debug({ viewers: this.#viewers.size, localAddress }, 'A viewer over WebRTC');
    return viewer;
  }
}

function sentVideo(ssrc: number, agreed: Agreed): RtcVideo {
  const { mid, payloadType, profile, playoutDelayId, captureTimeId } = agreed;
  const extension = (id: number | undefined, uri: string) =>
    id === undefined ? [] : [`a=extmap:${id} ${uri}`];
  return {
    ...{ mid, payloadType, ssrc },
    format: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`,
    lines: [
      `a=rtcp-fb:${payloadType} ccm fir`,
      ...extension(playoutDelayId, PLAYOUT_DELAY),
      ...extension(captureTimeId, CAPTURE_TIME),
    ],
  };
}

function readOffer(offer: string): readonly SdpMedium[] {
  try {
    return parseSdp(offer);
  } catch (error) {
    if (!(error instanceof SdpError)) throw error;
    throw new ValidatorError(`The body is not an offer in SDP: ${error.message}`);
  }
}

/** Constrained baseline of any level, else any baseline, else what the peer likes best. */
function bestOf(ways: readonly SdpH264[]): SdpH264 | undefined {
  const starting = (text: string) =>
    ways.find(({ profile }) => profile.toLowerCase().startsWith(text));
  return starting(OUR_PROFILE) ?? starting('42e0') ?? starting('42') ?? ways[0];
}

function refusalOf({ kind, mid, payloadTypes }: SdpMedium): readonly RtcRefused[] {
  const [payloadType] = payloadTypes;
  if ((kind !== 'audio' && kind !== 'video') || payloadType === undefined) return [];
  return [{ kind, mid, payloadType }];
}
