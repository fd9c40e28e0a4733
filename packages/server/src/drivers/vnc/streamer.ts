import { DerivedCell, type Unsubscribe } from '../../core/state.ts';
import type { VideoFeed, VideoParams, VideoSource } from '../../core/video-source.ts';
import type { VncConnection } from './connection.ts';
import { VncFeed } from './feed.ts';
import { isQemu } from './qemu-server.ts';

const CONNECTING = 'Waiting for the screen of the VNC server.';

/** The screen of a VNC server; pixels are asked for only while somebody watches. */
export class VncVideoSource implements VideoSource {
  readonly name = 'vnc';
  readonly resolutions = undefined;
  readonly #connection: VncConnection;
  readonly #trouble: DerivedCell<string | undefined>;
  readonly #unsubscribe: Unsubscribe;
  #feed: VncFeed | undefined;

  /** The connection stays its owner's. */
  constructor(connection: VncConnection) {
    this.#connection = connection;
    const { status, link } = connection;
    this.#trouble = new DerivedCell([status], () =>
      status.value.online ? undefined : status.value.reason,
    );
    this.#unsubscribe = link.subscribe((present) => present ?? this.#feed?.disconnected());
  }

  open(params: VideoParams): VideoFeed {
    const feed = new VncFeed({
      desiredFps: params.desiredFps,
      trouble: this.#trouble,
      connecting: CONNECTING,
      isQemu,
      closed: () => {
        if (this.#feed === feed) this.#feed = undefined;
        this.#connection.attach(this.#feed);
      },
    });
    this.#feed = feed;
    this.#connection.attach(feed);
    return feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#trouble.close();
    this.#connection.attach(undefined);
  }
}
