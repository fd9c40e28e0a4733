import { randomInt } from 'node:crypto';
import { KvmError, ValidatorError } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import {
  RtcConnection,
  type RtcKind,
  RtcMissingError,
  type RtcPlace,
  type RtcSent,
} from '../platform/rtc-connection.ts';
import { withHostAddress, withoutNames } from '../protocols/sdp-candidates.ts';
import { PictureTrack } from './picture-track.ts';
import type { SentTrack } from './sent-track.ts';
import type { Sound } from './sound.ts';
import { SoundTrack } from './sound-track.ts';
import type { Video } from './video.ts';
import {
  type Agreed,
  OFFERED_PICTURE,
  OFFERED_SOUND,
  pictureOf,
  readOffer,
  refusedOf,
  sentPicture,
  sentSound,
  soundOf,
} from './webrtc-media.ts';
import { WebRtcViewer } from './webrtc-viewer.ts';

/** Where media go, as configured. */
export interface WebRtcOptions extends RtcPlace {
  /** Viewers of all machines together. */
  readonly maxViewers: number;
  readonly log: Log;
}

/** What there is to see and to hear of a machine. */
export interface WebRtcMachine {
  readonly video: Video;
  readonly sound: Sound;
}

type Connect = (
  place: RtcPlace,
  sent: readonly RtcSent[],
  viewer: WebRtcViewer,
) => Promise<RtcConnection>;

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
   * A viewer that is offered the screen of a machine, and where `withSound` its sound if there is
   * any. `localAddress` is that of this host which it has reached; undefined where a proxy stands
   * between. Throws UnavailableError.
   */
  async offer(
    machine: WebRtcMachine,
    localAddress: string | undefined,
    withSound: boolean,
  ): Promise<WebRtcViewer> {
    const hasSound = withSound && machine.sound.trouble === undefined;
    const agreed = { picture: OFFERED_PICTURE, sound: hasSound ? OFFERED_SOUND : undefined };
    return this.#open(machine, localAddress, agreed, (place, sent, viewer) =>
      RtcConnection.offer(place, sent, viewer.listener),
    );
  }

  /** A viewer that has made an offer. Throws ValidatorError and UnavailableError. */
  async answer(
    machine: WebRtcMachine,
    offer: string,
    localAddress: string | undefined,
  ): Promise<WebRtcViewer> {
    const media = readOffer(offer);
    const wantsPicture = media.some(({ kind }) => kind === 'video');
    const picture = pictureOf(media);
    const wanted = soundOf(media);
    if (!picture && (wantsPicture || !wanted)) {
      throw new ValidatorError('The offer takes no H.264 in mode 1');
    }
    const { trouble } = machine.sound;
    if (!picture && trouble !== undefined) throw new KvmError('UnavailableError', trouble);
    const agreed = { picture, sound: trouble === undefined ? wanted : undefined };
    const refused = refusedOf(media, agreed);
    return this.#open(machine, localAddress, agreed, async (place, sent, { listener }) => {
      try {
        return await RtcConnection.answer(place, withoutNames(offer), sent, refused, listener);
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
    machine: WebRtcMachine,
    localAddress: string | undefined,
    agreed: Agreed,
    connect: Connect,
  ): Promise<WebRtcViewer> {
    if (agreed.picture && !machine.video.offersH264) {
      throw new KvmError(
        'UnavailableError',
        'WebRTC needs H.264, which this machine does not have',
      );
    }
    if (this.#viewers.size + this.#opening >= this.#options.maxViewers) {
      throw new KvmError('UnavailableError', 'There are too many viewers over WebRTC');
    }
    const { tracks, sent } = tracksOf(machine, agreed);
    const viewer = new WebRtcViewer(tracks);
    this.#opening += 1;
    try {
      viewer.adopt(await connect(this.#options, sent, viewer));
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

/** What is sent of a machine, with the numbers of a new stream each. */
function tracksOf(
  { video, sound }: WebRtcMachine,
  agreed: Agreed,
): { readonly tracks: ReadonlyMap<RtcKind, SentTrack>; readonly sent: readonly RtcSent[] } {
  const tracks = new Map<RtcKind, SentTrack>();
  const sent: RtcSent[] = [];
  const firsts = () => ({
    ...{ ssrc: randomInt(1, 2 ** 32), firstSequence: randomInt(2 ** 15) },
    firstTimestamp: randomInt(2 ** 32),
  });
  if (agreed.picture) {
    const stream = { ...firsts(), ...agreed.picture };
    tracks.set('video', new PictureTrack(video, stream));
    sent.push(sentPicture(stream.ssrc, agreed.picture));
  }
  if (agreed.sound) {
    const stream = { ...firsts(), ...agreed.sound };
    tracks.set('audio', new SoundTrack(sound, stream));
    sent.push(sentSound(stream.ssrc, agreed.sound));
  }
  return { tracks, sent };
}
