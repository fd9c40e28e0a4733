/**
 * Janus's API for one client over a WebSocket of the subprotocol `janus-protocol`
 * (https://janus.conf.meetecho.com/docs/rest.html, WebSockets interface): JSON objects with the verb
 * in `janus`, who asks in `transaction`, and what it is about in `session_id` and `handle_id`:
 *
 *     {"janus": "create", "transaction": T}                    → {"janus": "success", "data": {"id": S}}
 *     {"janus": "attach", "session_id": S, "plugin": NAME}     → {"janus": "success", "data": {"id": H}}
 *     {"janus": "message", …, "handle_id": H, "body": {…}, "jsep": {"type", "sdp"}}
 *                           → {"janus": "ack"}, and later {"janus": "event", "sender": H, "plugindata"}
 *     {"janus": "trickle", …, "candidate": {…} | "candidates": […]}                 → {"janus": "ack"}
 *     {"janus": "keepalive"} → "ack"; "claim", "detach", "hangup", "destroy" → "success"
 */
export const JANUS_MAX_BYTES = 256 * 1024;
const MAX_CANDIDATES = 64;
const MAX_TRANSACTION = 256;

/** The errors that are told, by Janus's codes (apierror.h). */
export const JANUS_ERRORS = {
  452: 'Missing request',
  453: 'Unknown request',
  454: 'Invalid JSON',
  455: 'Invalid JSON object',
  456: 'Missing mandatory element',
  457: 'Invalid path for this request',
  458: 'Session not found',
  459: 'Handle not found',
  460: 'Plugin not found',
  465: 'Invalid SDP',
  467: 'Invalid element type',
  471: 'Wrong WebRTC state',
  472: 'Currently not accepting new sessions',
} as const;

/** A code of the table. */
export type JanusErrorCode = keyof typeof JANUS_ERRORS;

/** A message that is not understood; `transaction` is told back where there was one. */
export class JanusError extends Error {
  override readonly name = 'JanusError';
  readonly code: JanusErrorCode;
  readonly transaction: string | undefined;

  constructor(code: JanusErrorCode, detail?: string, transaction?: string) {
    super(detail === undefined ? JANUS_ERRORS[code] : `${JANUS_ERRORS[code]} (${detail})`);
    this.code = code;
    this.transaction = transaction;
  }
}

/** An address of the client. */
export interface JanusCandidate {
  readonly candidate: string;
  readonly mid: string;
}

/** A description that goes with a message. */
export interface JanusJsep {
  readonly type: string;
  readonly sdp: string;
}

/** What a client asks, with how the answer is found by it. */
export type JanusRequest = { readonly transaction: string } & (
  | { readonly verb: 'create' | 'ping' | 'info' }
  | { readonly verb: 'keepalive' | 'claim' | 'destroy'; readonly session: number }
  | { readonly verb: 'attach'; readonly session: number; readonly plugin: string }
  | { readonly verb: 'detach' | 'hangup'; readonly session: number; readonly handle: number }
  | {
      readonly verb: 'message';
      readonly session: number;
      readonly handle: number;
      readonly body: Readonly<Record<string, unknown>>;
      readonly jsep: JanusJsep | undefined;
    }
  | {
      readonly verb: 'trickle';
      readonly session: number;
      readonly handle: number;
      /** Without those that say that there are no more. */
      readonly candidates: readonly JanusCandidate[];
    }
);

type Fields = Readonly<Record<string, unknown>>;

/** Reads a message. Throws JanusError. */
export function parseJanus(text: string): JanusRequest {
  if (text.length > JANUS_MAX_BYTES) throw new JanusError(454, 'too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JanusError(454);
  }
  if (!isFields(value)) throw new JanusError(455);
  const { transaction, janus: verb } = value;
  if (transaction === undefined) throw new JanusError(456, 'transaction');
  if (typeof transaction !== 'string' || transaction.length > MAX_TRANSACTION) {
    throw new JanusError(467, 'transaction');
  }
  try {
    return { transaction, ...readVerb(verb, value) };
  } catch (error) {
    if (!(error instanceof JanusError)) throw error;
    throw new JanusError(error.code, detailOf(error), transaction);
  }
}

/** What stands in brackets. */
function detailOf({ message }: JanusError): string | undefined {
  return /\((.*)\)$/.exec(message)?.[1];
}

type WithoutTransaction<T> = T extends unknown ? Omit<T, 'transaction'> : never;

function readVerb(verb: unknown, fields: Fields): WithoutTransaction<JanusRequest> {
  if (verb === undefined) throw new JanusError(456, 'janus');
  if (typeof verb !== 'string') throw new JanusError(467, 'janus');
  switch (verb) {
    case 'create':
    case 'ping':
    case 'info':
      return { verb };
    case 'keepalive':
    case 'claim':
    case 'destroy':
      return { verb, session: idIn(fields, 'session_id') };
    case 'attach': {
      const session = idIn(fields, 'session_id');
      if (fields.plugin === undefined) throw new JanusError(456, 'plugin');
      if (typeof fields.plugin !== 'string') throw new JanusError(467, 'plugin');
      return { verb, session, plugin: fields.plugin };
    }
    case 'detach':
    case 'hangup':
      return { verb, ...placeIn(fields) };
    case 'message': {
      if (fields.body === undefined) throw new JanusError(456, 'body');
      if (!isFields(fields.body)) throw new JanusError(455, 'body');
      return { verb, ...placeIn(fields), body: fields.body, jsep: jsepIn(fields.jsep) };
    }
    case 'trickle':
      return { verb, ...placeIn(fields), candidates: candidatesIn(fields) };
    default:
      throw new JanusError(453, verb.slice(0, 64));
  }
}

/** Without the two a request has another path in Janus's words. */
function placeIn(fields: Fields): { readonly session: number; readonly handle: number } {
  return { session: idIn(fields, 'session_id'), handle: idIn(fields, 'handle_id') };
}

function idIn(fields: Fields, name: 'session_id' | 'handle_id'): number {
  const id = fields[name];
  if (id === undefined) throw new JanusError(457, name);
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
    throw new JanusError(467, name);
  }
  return id;
}

function jsepIn(jsep: unknown): JanusJsep | undefined {
  if (jsep === undefined || jsep === null) return undefined;
  if (!isFields(jsep)) throw new JanusError(455, 'jsep');
  const { type, sdp } = jsep;
  if (type === undefined || sdp === undefined) throw new JanusError(456, 'jsep');
  if (typeof type !== 'string' || typeof sdp !== 'string') throw new JanusError(467, 'jsep');
  return { type, sdp };
}

function candidatesIn({ candidate, candidates }: Fields): readonly JanusCandidate[] {
  if (candidate === undefined && candidates === undefined) throw new JanusError(456, 'candidate');
  const all: unknown = candidates ?? [candidate];
  if (!Array.isArray(all) || all.length > MAX_CANDIDATES) throw new JanusError(467, 'candidates');
  return all.flatMap((each: unknown) => {
    if (!isFields(each)) return [];
    const { candidate: text, sdpMid } = each;
    if (typeof text !== 'string' || text === '') return [];
    return [{ candidate: text, mid: typeof sdpMid === 'string' ? sdpMid : '' }];
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The answer to a message that was not understood, or cannot be done. */
export function janusError(
  code: JanusErrorCode,
  reason: string,
  transaction: string | undefined,
  session?: number,
): Fields {
  return {
    janus: 'error',
    ...(session === undefined ? {} : { session_id: session }),
    ...(transaction === undefined ? {} : { transaction }),
    error: { code, reason },
  };
}
