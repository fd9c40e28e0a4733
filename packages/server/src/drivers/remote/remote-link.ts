import {
  type Client,
  createClient,
  type EventStream,
  KvmError,
  type ServerEvent,
} from '@crashcart/api';
import { anySignal } from '../../core/any-signal.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell, type Unsubscribe } from '../../core/state.ts';
import { remoteAgent } from '../../platform/remote-agent.ts';
import { fetchOver } from '../../platform/remote-fetch.ts';
import { CountedSocket } from './counted-socket.ts';
import { reasonIn, remoteError } from './remote-error.ts';
import {
  clientUrl,
  credentialsFor,
  describeRemote,
  placeOn,
  type RemoteOptions,
} from './remote-options.ts';

/** The wait after a failure doubles from the first to the last, ms. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;

/** How long an act waits for the events that it caused, ms. */
const SETTLE_MS = 1000;

/** Whether the remote can be used now, and if not, why not. */
export type RemoteStatus =
  | { readonly online: true }
  | { readonly online: false; readonly reason: string };

/** One time that the remote is there. */
interface Session {
  readonly client: Client;
  readonly events: EventStream;
  readonly ended: AbortController;
}

/**
 * The connection to a machine that another server has: it is looked after until it is closed. Who
 * calls while the remote is gone gets UnavailableError at once; what is under way when it goes ends.
 */
export class RemoteLink implements AsyncDisposable {
  readonly #options: RemoteOptions;
  readonly #log: Log;
  readonly #fetch: typeof fetch;
  readonly #status = new StateCell<RemoteStatus>({ online: false, reason: 'Not connected yet' });
  readonly #backlog = new StateCell(0);
  readonly #listeners = new Set<(event: ServerEvent) => void>();
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #headers: Readonly<Record<string, string>> = {};
  #socket: CountedSocket | undefined;
  #session: Session | undefined;

  constructor(options: RemoteOptions, log: Log) {
    this.#options = options;
    this.#log = log.child({ remote: describeRemote(options) });
    this.#fetch = fetchOver(remoteAgent(options.address));
    this.#running = this.#run();
  }

  get status(): ReadonlyCell<RemoteStatus> {
    return this.#status;
  }

  /** Input messages that the system has not taken yet. */
  get backlog(): ReadonlyCell<number> {
    return this.#backlog;
  }

  /** Calls `listener`, which must not throw, with each event of the remote. */
  onEvent(listener: (event: ServerEvent) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Sends an input frame; it is lost while the remote is gone. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    this.#session?.events.sendFrame(frame);
  }

  /** One call; `signal` ends with it. Rejects with what `remoteError` makes of a failure. */
  async use<T>(
    act: (client: Client, signal: AbortSignal) => Promise<T>,
    given?: AbortSignal,
  ): Promise<T> {
    const { client, signal, release, failure } = this.#enter(given);
    try {
      return await act(client, signal);
    } catch (error) {
      throw failure(error);
    } finally {
      release();
    }
  }

  /**
   * A call that changes something: when it resolves, the states that have followed from it are
   * known here, too, as far as the remote told them at once.
   */
  async act<T>(
    act: (client: Client, signal: AbortSignal) => Promise<T>,
    given?: AbortSignal,
  ): Promise<T> {
    const result = await this.use(act, given);
    await this.#settle();
    return result;
  }

  /** A call whose answer comes in pieces, which must be iterated: `signal` ends with them. */
  async open<T>(
    act: (client: Client, signal: AbortSignal) => Promise<AsyncIterable<T>>,
    given?: AbortSignal,
  ): Promise<AsyncGenerator<T>> {
    const { client, signal, release, failure } = this.#enter(given);
    try {
      return passOn(await act(client, signal), { release, failure });
    } catch (error) {
      release();
      throw failure(error);
    }
  }

  /** A GET of something that is no operation, such as the stream: `path` is without /api. */
  async get(path: string, given: AbortSignal): Promise<Response> {
    if (!this.#session) throw this.#unavailable();
    const url = placeOn(this.#options, `${clientUrl(this.#options)}${path}`);
    return await this.#fetch(url, { headers: this.#headers, signal: given });
  }

  /** Counts as a viewer of the remote, so that its streamer runs. */
  watch(): Unsubscribe {
    const events = this.#session?.client.events({ stream: true });
    // Its events are those of the other socket; unread they would pile up.
    if (events) void drain(events);
    return () => events?.close();
  }

  /** Lets go of the remote for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error('closed'));
    this.#socket?.close();
    await this.#running;
  }

  /** The answer to a ping comes after the events that were on their way. */
  async #settle(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const { signal } = session.ended;
    const { promise, resolve } = newPromise();
    const unlisten = this.onEvent(({ event_type }) => event_type === 'pong' && resolve());
    const timer = setTimeout(resolve, SETTLE_MS);
    signal.addEventListener('abort', resolve, { once: true });
    session.events.send('ping', {});
    await promise;
    unlisten();
    clearTimeout(timer);
    signal.removeEventListener('abort', resolve);
  }

  #enter(given: AbortSignal | undefined) {
    const session = this.#session;
    if (!session) throw this.#unavailable();
    const done = new AbortController();
    const lost = session.ended.signal;
    const signal = anySignal([lost, done.signal, ...(given ? [given] : [])]);
    return {
      client: session.client,
      signal,
      release: () => done.abort(),
      failure: (error: unknown): unknown => {
        if (given?.aborted) return given.reason;
        return lost.aborted ? this.#unavailable(error) : remoteError(error);
      },
    };
  }

  #unavailable(cause?: unknown): KvmError {
    const { value } = this.#status;
    const reason = value.online ? 'the connection was lost' : value.reason;
    return new KvmError('UnavailableError', `The remote cannot be reached: ${reason}`, { cause });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    // Who makes the link wants to listen to it first.
    await Promise.resolve();
    let waitMs = FIRST_RETRY_MS;
    let told = '';
    while (!signal.aborted) {
      const reason = await this.#serve(() => {
        waitMs = FIRST_RETRY_MS;
        told = '';
      });
      // Once a reason: a remote that is away for days must not fill the log.
      if (!signal.aborted && reason !== told) this.#log.warn({ reason }, 'The remote is gone');
      told = reason;
      this.#status.set({ online: false, reason });
      await sleep(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }

  /** Serves one connection until it fails; resolves with why. */
  async #serve(isThere: () => void): Promise<string> {
    const ended = new AbortController();
    try {
      const session = await this.#connect(ended);
      for await (const event of session.events) {
        if (!this.#status.value.online) {
          isThere();
          this.#session = session;
          this.#status.set({ online: true });
          this.#log.info({}, 'The remote is there');
        }
        for (const listener of [...this.#listeners]) listener(event);
      }
      return this.#reason(this.#socket?.failure ?? new Error('It closed the connection'));
    } catch (error) {
      return this.#reason(this.#socket?.failure ?? error);
    } finally {
      this.#session = undefined;
      this.#socket?.close();
      this.#socket = undefined;
      this.#backlog.set(0);
      ended.abort(new Error('The connection to the remote was lost'));
    }
  }

  async #connect(ended: AbortController): Promise<Session> {
    const options = this.#options;
    const credentials = await credentialsFor(options);
    this.#closed.signal.throwIfAborted();
    const agent = remoteAgent(options.address);
    let main: CountedSocket | undefined;
    const client = createClient({
      baseUrl: clientUrl(options),
      ...(credentials ? { credentials } : {}),
      fetch: (url, init) => this.#fetch(placeOn(options, String(url)), init),
      webSocket: (url, headers) => {
        this.#headers = headers;
        const socket = new CountedSocket(placeOn(options, url), headers, agent);
        // The first is that of events and input; others only watch.
        main ??= socket;
        return socket;
      },
    });
    const events = client.events({ stream: false });
    this.#socket = main;
    main?.waiting.subscribe((count) => this.#backlog.set(count));
    return { client, events, ended };
  }

  #reason(error: unknown): string {
    const text = reasonIn(error);
    return /response: 40[13]$/.test(text)
      ? 'it refuses our user (remote.user, remote.passwd_file)'
      : text;
  }
}

function newPromise(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function drain(events: EventStream): Promise<void> {
  for await (const _ of events);
}

/** Passes values on; however they end, `release` is called. */
async function* passOn<T>(
  values: AsyncIterable<T>,
  { release, failure }: { release: () => void; failure: (error: unknown) => unknown },
): AsyncGenerator<T> {
  try {
    yield* values;
  } catch (error) {
    throw failure(error);
  } finally {
    release();
  }
}
