import { randomInt } from 'node:crypto';
import { KvmError } from '@crashcart/api';
import type { RawData, WebSocket } from 'ws';
import type { Log } from '../../core/log.ts';
import { JanusError, type JanusRequest, janusError, parseJanus } from '../../protocols/janus.ts';
import { failure, JanusHandle, type JanusHandleOptions, PLUGIN } from './janus-handle.ts';

/** What a socket of Janus's API is made of. */
export interface JanusSocketOptions
  extends Pick<JanusHandleOptions, 'localAddress' | 'machine' | 'webRtc'> {
  readonly log: Log;
  /** Without a message for so long a session is over, ms. */
  readonly sessionMs?: number;
}

/** As Janus has it unless told otherwise. */
const SESSION_MS = 60_000;
const MOST_SESSIONS = 8;
const MOST_HANDLES = 8;
/** Messages of a client in a window; more is a flood. */
const MOST_MESSAGES = 300;
const WINDOW_MS = 10_000;
/** Answers that a client has not read, bytes. */
const MOST_UNREAD = 1024 * 1024;
const POLICY_VIOLATION = 1008;
const MOST_ID = 2 ** 47;

interface Session {
  readonly id: number;
  readonly handles: Map<number, JanusHandle>;
  timer: NodeJS.Timeout | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type OfSession = Extract<JanusRequest, { readonly session: number }>;
type Message = Extract<JanusRequest, { readonly verb: 'message' }>;

/** Serves Janus's API on an open socket, with µStreamer's plug-in only, until the socket closes. */
export class JanusSocket {
  readonly #socket: WebSocket;
  readonly #options: JanusSocketOptions;
  readonly #sessions = new Map<number, Session>();
  #messages = 0;
  #windowMs = performance.now();

  constructor(socket: WebSocket, options: JanusSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (data) => this.#receive(data));
    socket.once('close', () => {
      for (const session of [...this.#sessions.values()]) this.#end(session);
    });
  }

  #receive(data: RawData): void {
    if (!this.#isCalm()) {
      this.#socket.close(POLICY_VIOLATION, 'Too many messages');
      return;
    }
    try {
      const request = parseJanus(String(data));
      try {
        this.#answer(request);
      } catch (error) {
        if (!(error instanceof JanusError)) throw error;
        const session = 'session' in request ? request.session : undefined;
        this.#send(janusError(error.code, error.message, request.transaction, session));
      }
    } catch (error) {
      if (!(error instanceof JanusError)) throw error;
      this.#send(janusError(error.code, error.message, error.transaction));
    }
  }

  #isCalm(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#windowMs > WINDOW_MS) {
      this.#windowMs = nowMs;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages <= MOST_MESSAGES;
  }

  #answer(request: JanusRequest): void {
    const { transaction } = request;
    switch (request.verb) {
      case 'create':
        this.#create(transaction);
        break;
      case 'ping':
        this.#send({ janus: 'pong', transaction });
        break;
      case 'info':
        this.#send({ janus: 'server_info', transaction, name: 'crashcart', plugins: [PLUGIN] });
        break;
      default:
        this.#within(this.#sessionOf(request.session), request);
    }
  }

  #within(session: Session, request: OfSession): void {
    const { transaction } = request;
    const say = (janus: string, more: Fields = {}) =>
      this.#send({ janus, session_id: session.id, transaction, ...more });
    switch (request.verb) {
      case 'keepalive':
        say('ack');
        break;
      case 'claim':
        say('success');
        break;
      case 'attach':
        say('success', { data: { id: this.#attach(session, request.plugin) } });
        break;
      case 'destroy':
        this.#end(session);
        say('success');
        break;
      case 'message':
        this.#message(session, request, say);
        break;
      case 'trickle':
        this.#handleOf(session, request.handle).addCandidates(request.candidates);
        say('ack');
        break;
      case 'hangup':
      case 'detach': {
        this.#handleOf(session, request.handle).stop();
        if (request.verb === 'detach') session.handles.delete(request.handle);
        say('success');
        const told = request.verb === 'detach' ? { janus: 'detached' } : hangup('Janus API');
        this.#send({ ...told, session_id: session.id, sender: request.handle });
      }
    }
  }

  #create(transaction: string): void {
    if (this.#sessions.size >= MOST_SESSIONS) throw new JanusError(472);
    const session: Session = { id: randomInt(1, MOST_ID), handles: new Map(), timer: undefined };
    this.#sessions.set(session.id, session);
    this.#touch(session);
    this.#send({ janus: 'success', transaction, data: { id: session.id } });
  }

  #attach(session: Session, plugin: string): number {
    if (plugin !== PLUGIN) throw new JanusError(460);
    if (session.handles.size >= MOST_HANDLES) throw new JanusError(472);
    const id = randomInt(1, MOST_ID);
    const tell = (event: Fields) => this.#send({ ...event, session_id: session.id, sender: id });
    const { webRtc, machine, localAddress } = this.#options;
    const handle = new JanusHandle({
      ...{ webRtc, machine, localAddress },
      onUp: () => tell({ janus: 'webrtcup' }),
      onDown: () => tell(hangup('ICE failed')),
    });
    session.handles.set(id, handle);
    return id;
  }

  #message(
    session: Session,
    { handle: id, body, jsep, transaction }: Message,
    say: (janus: string) => void,
  ): void {
    const handle = this.#handleOf(session, id);
    say('ack');
    void handle
      .ask(body, jsep)
      .catch((error: unknown) => {
        if (error instanceof KvmError) return failure(503, error.message);
        this.#options.log.error({ err: error }, 'A message of Janus failed unexpectedly');
        return failure(500, 'Server got itself in trouble');
      })
      .then((event) => {
        if (!event || session.handles.get(id) !== handle) return;
        const { data, jsep: told } = event;
        this.#send({
          ...{ janus: 'event', session_id: session.id, transaction, sender: id },
          plugindata: { plugin: PLUGIN, data },
          ...(told ? { jsep: told } : {}),
        });
      });
  }

  /** The session of a message, which lives on by it. */
  #sessionOf(id: number): Session {
    const session = this.#sessions.get(id);
    if (!session) throw new JanusError(458);
    this.#touch(session);
    return session;
  }

  #handleOf(session: Session, id: number): JanusHandle {
    const handle = session.handles.get(id);
    if (!handle) throw new JanusError(459);
    return handle;
  }

  #touch(session: Session): void {
    clearTimeout(session.timer);
    session.timer = setTimeout(() => {
      this.#end(session);
      this.#send({ janus: 'timeout', session_id: session.id });
    }, this.#options.sessionMs ?? SESSION_MS);
    session.timer.unref();
  }

  #end(session: Session): void {
    clearTimeout(session.timer);
    this.#sessions.delete(session.id);
    const handles = [...session.handles.values()];
    session.handles.clear();
    for (const handle of handles) handle.stop();
  }

  #send(message: Fields): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MOST_UNREAD) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }
}

function hangup(reason: string): Fields {
  return { janus: 'hangup', reason };
}
