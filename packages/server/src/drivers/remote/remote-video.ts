import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, until } from '../../core/state.ts';
import type { Frame, VideoFeed, VideoSignal, VideoSource } from '../../core/video-source.ts';
import { MjpegParser, type MjpegPart } from '../../protocols/mjpeg-parts.ts';
import { RemoteControl } from './remote-control.ts';
import { reasonIn } from './remote-error.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** The wait after a failed stream doubles from the first to the last, ms. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;
/** µStreamer repeats a still picture each second; a stream that is silent for this is dead, ms. */
const SILENT_MS = 10_000;
/** Each part tells what it shows; two clients of one name are told apart by the remote. */
const STREAM = '/streamer/stream?extra_headers=1&key=crashcart';

/** The screen of a remote machine, as its MJPEG stream has it. */
export class RemoteVideoSource implements VideoSource {
  readonly name = 'remote';
  readonly resolutions = undefined;
  readonly control: RemoteControl;
  readonly #link: RemoteLink;
  readonly #states: RemoteStates;
  readonly #log: Log;

  constructor(link: RemoteLink, states: RemoteStates, log: Log) {
    this.control = new RemoteControl(link, states);
    this.#link = link;
    this.#states = states;
    this.#log = log;
  }

  open(): VideoFeed {
    return new RemoteFeed(this.#link, this.#states, this.#log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.control.state.close();
  }
}

/** One watching of the remote: of the pictures that have come, only the newest is passed on. */
class RemoteFeed implements VideoFeed {
  readonly signal = new StateCell<VideoSignal>({ online: false, reason: 'The video begins' });
  onFrame: ((frame: Frame) => void) | undefined;
  readonly #link: RemoteLink;
  readonly #states: RemoteStates;
  readonly #log: Log;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #seq = 0;

  constructor(link: RemoteLink, states: RemoteStates, log: Log) {
    this.#link = link;
    this.#states = states;
    this.#log = log;
    this.#running = this.#run();
  }

  /** The remote sends what it has, as long as the stream is open. */
  setWatched(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error('closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    await Promise.resolve();
    let waitMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const { value } = this.#link.status;
      if (!value.online) {
        this.#offline(`The remote cannot be reached: ${value.reason}`);
        await until(this.#link.status, ({ online }) => online, signal).catch(() => undefined);
        waitMs = FIRST_RETRY_MS;
        continue;
      }
      const before = this.#seq;
      const reason = await this.#watch();
      if (signal.aborted) return;
      if (this.#seq > before) waitMs = FIRST_RETRY_MS;
      this.#log.debug({ reason }, 'The stream of the remote ended');
      this.#offline(`The remote sends no video: ${reason}`);
      await sleep(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }

  /** Reads the stream until it ends; resolves with why it did. */
  async #watch(): Promise<string> {
    const stop = new AbortController();
    const ended = () => stop.abort(new Error('the connection was lost'));
    this.#closed.signal.addEventListener('abort', ended, { once: true });
    const unfollow = this.#link.status.subscribe(ended);
    const leave = this.#link.watch();
    let timer = setTimeout(ended, SILENT_MS);
    try {
      const answer = await this.#link.get(STREAM, stop.signal);
      if (!answer.ok || !answer.body) {
        stop.abort();
        return `it answers ${answer.status}`;
      }
      const parser = new MjpegParser();
      for await (const bytes of answer.body) {
        clearTimeout(timer);
        timer = setTimeout(ended, SILENT_MS);
        const newest = parser.push(bytes).at(-1);
        if (newest) this.#show(newest);
      }
      return 'the stream ended';
    } catch (error) {
      return reasonIn(stop.signal.aborted ? stop.signal.reason : error);
    } finally {
      clearTimeout(timer);
      leave();
      unfollow();
      this.#closed.signal.removeEventListener('abort', ended);
      stop.abort();
    }
  }

  #show({ headers, data }: MjpegPart): void {
    if (headers.get('x-ustreamer-online') === 'false') {
      const reason = this.#states.streamer.value?.streamer?.source.reason;
      this.#offline(reason ?? 'The remote has no video signal.');
      return;
    }
    const width = Number(headers.get('x-ustreamer-width'));
    const height = Number(headers.get('x-ustreamer-height'));
    if (!(width > 0 && height > 0)) return;
    const nowMs = performance.now();
    this.#seq += 1;
    this.signal.set({ online: true, width, height });
    this.onFrame?.({
      ...{ seq: this.#seq, width, height, format: 'jpeg', data, dirty: null },
      ...{ grabBeginMs: nowMs, grabEndMs: nowMs },
    });
  }

  #offline(reason: string): void {
    this.signal.set({ online: false, reason });
  }
}
