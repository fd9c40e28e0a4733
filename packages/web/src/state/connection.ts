import { FRAME, type ServerEvent } from '@crashcart/api';
import { signal } from '@preact/signals';
import { socketAddress } from '../api.ts';
import { checkSession, sessionEnded } from '../login/session.ts';
import { backoffMs } from './backoff.ts';
import { applyEvent, forgetMachine } from './machine.ts';

/**
 * Where the connection is; `attempt` counts the tries since it was lost, `restarting` says that the
 * server had said goodbye.
 */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly attempt: number; readonly restarting: boolean };

/** The connection for input and events. */
export const link = signal<Link>({ kind: 'connecting' });
/** Time of a ping to the server and back, in ms. */
export const latencyMs = signal<number | undefined>(undefined);

/** Codes of RFC 6455, 7.4, and IANA's registry: the server stops, and it ended the session. */
const [GOING_AWAY, SERVICE_RESTART, POLICY_VIOLATION] = [1001, 1012, 1008];
const PING_EVERY_MS = 1_000;
/** A server that says nothing for so long is taken for gone. */
const SILENCE_LIMIT_MS = 6_000;
const PING = new Uint8Array([FRAME.ping]);

let socket: WebSocket | undefined;

/** Sends a frame if the server is there; input for a lost connection is not kept. */
export function send(frame: Uint8Array<ArrayBuffer>): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(frame);
}

/** Connects, and again after every loss, until the function that it returns is called. */
export function keepConnected(): () => void {
  let stopped = false;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  let restarting = false;
  const lost = (code?: number) => {
    if (stopped) return;
    socket = undefined;
    attempt += 1;
    if (code === GOING_AWAY || code === SERVICE_RESTART) restarting = true;
    forgetMachine();
    latencyMs.value = undefined;
    link.value = { kind: 'lost', attempt, restarting };
    // A session that was ended is not worth a wait.
    const waitMs = code === POLICY_VIOLATION && attempt === 1 ? 0 : backoffMs(attempt);
    timer = setTimeout(() => void again(), waitMs);
  };
  const again = async () => {
    const session = await checkSession();
    if (stopped) return;
    if (session === 'ended') sessionEnded();
    else if (session === 'lost') lost();
    else connect();
  };
  const connect = () => {
    socket = openSocket({
      ready: () => {
        attempt = 0;
        restarting = false;
        link.value = { kind: 'open' };
      },
      closed: lost,
    });
  };

  link.value = { kind: 'connecting' };
  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
    socket = undefined;
    forgetMachine();
  };
}

function openSocket(on: { ready: () => void; closed: (code?: number) => void }): WebSocket {
  const opened = new WebSocket(socketAddress('api/ws?stream=1'));
  opened.binaryType = 'arraybuffer';
  let pingSentAt: number | undefined;
  let heardAt = performance.now();
  const ping = setInterval(() => {
    const now = performance.now();
    if (now - heardAt > SILENCE_LIMIT_MS) end();
    else if (opened.readyState === WebSocket.OPEN) {
      pingSentAt ??= now;
      opened.send(PING);
    }
  }, PING_EVERY_MS);
  // A dead network may take minutes to fire `close`, so the loss is told at once.
  let ended = false;
  const end = (code?: number) => {
    if (ended) return;
    ended = true;
    clearInterval(ping);
    opened.close();
    on.closed(code);
  };
  opened.addEventListener('open', () => on.ready());
  opened.addEventListener('close', ({ code }) => end(code));
  opened.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    heardAt = performance.now();
    if (typeof data === 'string') {
      const event = parseEvent(data);
      if (event !== undefined) applyEvent(event);
    } else if (pingSentAt !== undefined) {
      latencyMs.value = heardAt - pingSentAt;
      pingSentAt = undefined;
    }
  });
  return opened;
}

/** An event of the server; what is none is left alone (a newer server may say more). */
export function parseEvent(text: string): ServerEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { event_type, event } = value as { event_type?: unknown; event?: unknown };
    if (typeof event_type !== 'string' || typeof event !== 'object' || event === null) {
      return undefined;
    }
    return value as ServerEvent;
  } catch {
    return undefined;
  }
}
