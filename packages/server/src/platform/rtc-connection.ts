import type { Audio, PeerConnection, Track, Video } from 'node-datachannel';

/** Where a connection of WebRTC may be. */
export interface RtcPlace {
  /** The one address to use; undefined = all of this host. */
  readonly bindAddress: string | undefined;
  /** UDP ports, both included; 0 and 0 = any. */
  readonly minPort: number;
  readonly maxPort: number;
  /** `stun:HOST:PORT`; '' = none. */
  readonly stun: string;
}

/** What can be sent over a connection: H.264, and Opus. */
export type RtcKind = 'video' | 'audio';

/** A medium that is sent over a connection. */
export interface RtcSent {
  readonly kind: RtcKind;
  readonly mid: string;
  readonly payloadType: number;
  /** After `a=fmtp:TYPE `. */
  readonly format: string;
  readonly ssrc: number;
  /** More of its lines, such as `a=extmap:1 URI`. */
  readonly lines: readonly string[];
}

/** A medium of the peer that is not served. */
export interface RtcRefused {
  readonly kind: RtcKind;
  readonly mid: string;
  readonly payloadType: number;
}

/** Who uses a connection. */
export interface RtcListener {
  /** A medium can be sent. */
  onOpen(): void;
  onRtcp(kind: RtcKind, bytes: Buffer): void;
  /** It is over; called once, also after `close`. */
  onEnd(): void;
}

type Library = typeof import('node-datachannel');

/** How long addresses are looked for, ms: those that were found by then are told. */
const GATHER_MS = 2000;
/** The optional package is missing. */
export class RtcMissingError extends Error {
  override readonly name = 'RtcMissingError';
}

let loaded: Promise<Library> | undefined;

/** Loads the optional package once; rejects with RtcMissingError. */
function load(): Promise<Library> {
  loaded ??= import('node-datachannel').catch((cause: unknown) => {
    throw new RtcMissingError(
      'WebRTC needs the optional package node-datachannel 0.33.4: npm install --include=optional',
      { cause },
    );
  });
  return loaded;
}

/**
 * One connection of WebRTC over libdatachannel: ICE, DTLS and SRTP run in its threads, the packets
 * and what is said of them are the caller's.
 */
export class RtcConnection {
  readonly #peer: PeerConnection;
  readonly #tracks: ReadonlyMap<RtcKind, Track>;
  readonly #refused: readonly Track[];
  readonly #listener: RtcListener;
  #isOver = false;

  private constructor(
    library: Library,
    place: RtcPlace,
    sent: readonly RtcSent[],
    refused: readonly RtcRefused[],
    listener: RtcListener,
  ) {
    this.#listener = listener;
    this.#peer = new library.PeerConnection('viewer', {
      iceServers: place.stun === '' ? [] : [place.stun],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(place.bindAddress === undefined ? {} : { bindAddress: place.bindAddress }),
      ...(place.maxPort === 0
        ? {}
        : { portRangeBegin: place.minPort, portRangeEnd: place.maxPort }),
    });
    this.#tracks = new Map(
      sent.map((each) => [each.kind, this.#peer.addTrack(mediumOf(library, each))]),
    );
    this.#refused = refused.map(({ kind, mid, payloadType }) => {
      const inactive = new library[kind === 'audio' ? 'Audio' : 'Video'](mid, 'Inactive');
      if ('addAudioCodec' in inactive) inactive.addAudioCodec(payloadType, 'opus');
      else inactive.addVideoCodec(payloadType, 'H264');
      return this.#peer.addTrack(inactive);
    });
    for (const [kind, track] of this.#tracks) {
      track.onMessage((bytes) => {
        if (!this.#isOver) listener.onRtcp(kind, Buffer.from(bytes));
      });
      track.onOpen(() => {
        if (!this.#isOver) listener.onOpen();
      });
    }
    this.#peer.onStateChange((state) => {
      if (state === 'failed' || state === 'closed') this.close();
    });
  }

  /** Makes a connection that offers itself; `describe` it next. */
  static async offer(
    place: RtcPlace,
    sent: readonly RtcSent[],
    listener: RtcListener,
  ): Promise<RtcConnection> {
    const connection = new RtcConnection(await load(), place, sent, [], listener);
    await connection.#describe('offer');
    return connection;
  }

  /** Makes a connection that answers an offer. Throws an Error where the offer is not understood. */
  static async answer(
    place: RtcPlace,
    offer: string,
    sent: readonly RtcSent[],
    refused: readonly RtcRefused[],
    listener: RtcListener,
  ): Promise<RtcConnection> {
    const connection = new RtcConnection(await load(), place, sent, refused, listener);
    try {
      connection.#peer.setRemoteDescription(offer, 'offer');
      await connection.#describe('answer');
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** What we say of ourselves. */
  get description(): string {
    return this.#peer.localDescription()?.sdp ?? '';
  }

  /** The answer to our offer. Throws an Error where it is not understood. */
  accept(answer: string): void {
    this.#peer.setRemoteDescription(answer, 'answer');
  }

  /** An address of the peer (the value of `a=candidate`). Throws an Error where it is none. */
  addCandidate(candidate: string, mid: string): void {
    this.#peer.addRemoteCandidate(candidate, mid);
  }

  /** Whether packets of a medium can be sent. */
  isOpen(kind: RtcKind): boolean {
    return !this.#isOver && (this.#tracks.get(kind)?.isOpen() ?? false);
  }

  /** Sends a packet of RTP or RTCP; false when it could not go. */
  send(kind: RtcKind, packet: Buffer): boolean {
    if (!this.isOpen(kind)) return false;
    try {
      return this.#tracks.get(kind)?.sendMessageBinary(packet) ?? false;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const track of [...this.#tracks.values(), ...this.#refused]) track.close();
    this.#peer.close();
    this.#listener.onEnd();
  }

  async #describe(type: 'offer' | 'answer'): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#peer.onGatheringStateChange((state) => {
        if (state !== 'complete') return;
        clearTimeout(timer);
        resolve();
      });
      this.#peer.setLocalDescription(type);
    });
  }
}

function mediumOf(library: Library, { kind, mid, ...sent }: RtcSent): Audio | Video {
  const medium = new library[kind === 'audio' ? 'Audio' : 'Video'](mid, 'SendOnly');
  if ('addOpusCodec' in medium) medium.addOpusCodec(sent.payloadType, sent.format);
  else medium.addH264Codec(sent.payloadType, sent.format);
  // Players keep what comes of one stream in step.
  medium.addSSRC(sent.ssrc, 'crashcart', 'crashcart', kind);
  for (const line of sent.lines) medium.parseSdpLine(line);
  return medium;
}
