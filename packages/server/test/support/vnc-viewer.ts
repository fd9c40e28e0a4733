import { StateCell, until } from '../../src/core/state.ts';
import type { Frame, VideoFeed } from '../../src/core/video-source.ts';
import { VncConnection, type VncConnectionOptions } from '../../src/drivers/vnc/connection.ts';
import { VncHid } from '../../src/drivers/vnc/hid.ts';
import { VncVideoSource } from '../../src/drivers/vnc/streamer.ts';
import type { VncServer } from '../../src/drivers/vnc/vnc-server.ts';
import { type RecordingLog, recordingLog } from './recording-log.ts';

/** How long a busy machine may take, ms. */
const LIMIT_MS = 60_000;

/** Hid and screen of a VNC server on this host, as a machine has them. */
export class VncViewer implements AsyncDisposable {
  readonly log: RecordingLog = recordingLog();
  readonly connection: VncConnection;
  readonly hid: VncHid;
  readonly source: VncVideoSource;
  readonly frames = new StateCell(0);
  frame: Frame | undefined;
  #feed: VideoFeed | undefined;

  constructor(
    server: Partial<VncServer> & Pick<VncServer, 'port'>,
    options: Omit<VncConnectionOptions, 'server' | 'log'> = {},
  ) {
    this.connection = new VncConnection({
      server: {
        ...{ host: '127.0.0.1', user: '', passwd: '', passwdFile: '', tls: 'auto', caFile: '' },
        ...{ fingerprint: undefined, shared: true, lossless: false, ...server },
      },
      log: this.log,
      ...options,
    });
    this.hid = new VncHid(this.connection, this.log);
    this.source = new VncVideoSource(this.connection);
  }

  /** Looks at the screen from now on. */
  watch(desiredFps = 0): VideoFeed {
    const feed = this.source.open({ desiredFps, resolution: undefined });
    this.#feed = feed;
    feed.onFrame = (frame) => {
      this.frame = frame;
      this.frames.set(this.frames.value + 1);
    };
    feed.setWatched(true);
    return feed;
  }

  /** Resolves when the server can be used. */
  async online(): Promise<void> {
    const { status } = this.connection;
    await until(status, ({ online }) => online, AbortSignal.timeout(LIMIT_MS));
  }

  /** Resolves with the reason why it cannot be used that passes. */
  async offline(passes: RegExp): Promise<string> {
    const found = await until(
      this.connection.status,
      (status) => !status.online && passes.test(status.reason),
      AbortSignal.timeout(LIMIT_MS),
    );
    return found.online ? '' : found.reason;
  }

  /** Resolves when a frame passes. */
  async frameWith(passes: (frame: Frame) => boolean): Promise<Frame> {
    await until(
      this.frames,
      () => this.frame !== undefined && passes(this.frame),
      AbortSignal.timeout(LIMIT_MS),
    );
    if (!this.frame) throw new Error('There is no frame');
    return this.frame;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed?.[Symbol.asyncDispose]();
    await this.hid[Symbol.asyncDispose]();
    await this.source[Symbol.asyncDispose]();
    await this.connection[Symbol.asyncDispose]();
  }
}
