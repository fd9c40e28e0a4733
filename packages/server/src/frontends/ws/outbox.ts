import type { EventType, ServerEvent } from '@crashcart/api';
import { type RawData, WebSocket } from 'ws';
import { lineJson } from '../http/envelope.ts';

/** Above this, a client is slow: its events wait and are merged. Bytes. */
const SLOW_BYTES = 256 * 1024;
/** Above this, a client does not read at all and is dropped. Bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

type Payload = Readonly<Record<string, unknown>>;

/** One text per event object: a hub gives all members the same one. */
const texts = new WeakMap<ServerEvent, string>();

function textOf(event: ServerEvent): string {
  let text = texts.get(event);
  if (text === undefined) {
    text = lineJson(event);
    texts.set(event, text);
  }
  return text;
}

/**
 * Events on their way to one client. What cannot be sent yet is merged per event type, so a slow
 * client costs one state and not a queue.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #pending = new Map<EventType, Payload>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Sends an event, now or merged with others of its type. */
  push(event: ServerEvent): void {
    if (this.#socket.bufferedAmount > SLOW_BYTES) {
      const before = this.#pending.get(event.event_type);
      this.#pending.set(event.event_type, before ? merged(before, event.event) : event.event);
      return;
    }
    this.#send(textOf(event));
  }

  /** Sends a reply, which is not merged; a client that only asks and never reads is dropped. */
  answer(data: RawData | string): void {
    this.#send(data);
  }

  #send(data: RawData | string): void {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BYTES) {
      socket.terminate();
      return;
    }
    socket.send(data as Buffer | string, (error) => {
      if (!error && this.#pending.size > 0) this.#flush();
    });
  }

  #flush(): void {
    if (this.#socket.bufferedAmount > SLOW_BYTES / 2) return;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [type, event] of pending) this.#send(lineJson({ event_type: type, event }));
  }
}

/** Channels of gpio and parts of the storage come singly, so these objects are merged within. */
const MERGED_WITHIN: ReadonlySet<string> = new Set(['state', 'inputs', 'outputs', 'storage']);

function merged(before: Payload, after: Payload): Payload {
  const result: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    result[key] =
      MERGED_WITHIN.has(key) && isPayload(old) && isPayload(value) ? merged(old, value) : value;
  }
  return result;
}

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
