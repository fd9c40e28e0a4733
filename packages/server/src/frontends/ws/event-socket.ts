import type { RawData, WebSocket } from 'ws';
import type { HidSession } from '../../core/hid.ts';
import type { Log } from '../../core/log.ts';
import type { Host } from '../http/host.ts';
import { applyFrame, PONG_FRAME } from './binary.ts';
import { Heartbeat } from './heartbeat.ts';
import { applyEvent } from './json-input.ts';
import { Outbox } from './outbox.ts';

/** So many useless messages in a row are an attack, not a mistake. */
const MAX_JUNK = 10_000;
/** With more events waiting for the device, the client is not read on. */
const MAX_BACKLOG = 1_024;
const RESUME_BACKLOG = 256;

/** Who is at the socket, and what they get. */
export interface EventSocketOptions {
  readonly host: Host;
  /** Wants the video to run, and is counted as a client. */
  readonly stream: boolean;
  /** Input of others is ignored. */
  readonly mayInput: boolean;
  readonly name: string;
  /** Between two pings. */
  readonly heartbeatMs: number;
  /** Aborts when the login behind it ends: from then on nothing of the client counts. */
  readonly ended: AbortSignal;
  readonly log: Log;
}

/** One client of /ws: events out, keyboard and mouse in. */
export class EventSocket {
  readonly #socket: WebSocket;
  readonly #given: EventSocketOptions;
  readonly #outbox: Outbox;
  readonly #session: HidSession | undefined;
  readonly #gone = new AbortController();
  #junk = 0;
  #paused = false;

  constructor(socket: WebSocket, given: EventSocketOptions) {
    this.#socket = socket;
    this.#given = given;
    this.#outbox = new Outbox(socket);
    const { machine, events } = given.host;
    this.#session = given.mayInput ? machine.hid.session(given.name) : undefined;
    const heartbeat = new Heartbeat(socket, given.heartbeatMs);
    const receive = (data: RawData, isBinary: boolean) => this.#receive(data, isBinary);
    socket.on('message', receive);
    const leave = events.join((event) => this.#outbox.push(event), { stream: given.stream });
    // After the snapshot: that the streamer starts is the client's first news.
    const releaseStream = given.stream ? machine.streamer.acquire() : undefined;
    // A client whose login has ended may take its time to close, or never do so.
    const end = () => {
      socket.off('close', end);
      given.ended.removeEventListener('abort', end);
      socket.off('message', receive);
      heartbeat.close();
      this.#gone.abort(new Error('closed'));
      leave();
      releaseStream?.();
      this.#session?.close();
    };
    socket.on('close', end);
    given.ended.addEventListener('abort', end);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data)) return;
    const outcome = isBinary
      ? applyFrame(data, this.#session)
      : applyEvent(data.toString('utf8'), this.#session);
    if (outcome === 'junk') this.#countJunk();
    else this.#junk = 0;
    if (outcome === 'ping') {
      if (isBinary) this.#outbox.answer(PONG_FRAME);
      else this.#outbox.push({ event_type: 'pong', event: {} });
    }
    if (!this.#paused && this.#given.host.machine.hid.backlog > MAX_BACKLOG) void this.#slowDown();
  }

  #countJunk(): void {
    this.#junk += 1;
    if (this.#junk === MAX_JUNK + 1) {
      this.#given.log.warn({ client: this.#given.name }, 'A WebSocket client sends only junk');
      this.#socket.close(1008, 'Too much junk');
      this.#socket.removeAllListeners('message');
    }
  }

  /** The device is slower than the client: stop reading rather than lose a key. */
  async #slowDown(): Promise<void> {
    this.#paused = true;
    this.#socket.pause();
    try {
      await this.#given.host.machine.hid.drained(RESUME_BACKLOG, this.#gone.signal);
    } catch {
      // The client has gone, or the device has closed: there is nothing left to wait for.
    } finally {
      this.#paused = false;
      this.#socket.resume();
    }
  }
}
