import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InfoState, MediaState } from '@crashcart/api';
import type { WebSocket } from 'ws';
import type { Auth, Identity } from '../../auth/auth.ts';
import type { EventHub } from '../../core/events.ts';
import type { Log } from '../../core/log.ts';
import type { Machine } from '../../core/machine.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import type { LogReader } from '../../info/log-reader.ts';
import type { Ocr } from '../../video/ocr.ts';
import type { Sound } from '../../video/sound.ts';
import type { Video } from '../../video/video.ts';
import type { WebRtc } from '../../video/webrtc.ts';
import type { EncodedStates } from './envelope.ts';
import type { HidSessions } from './hid-sessions.ts';
import type { Upload } from './upload.ts';
import type { WhepViewers } from './whep-viewers.ts';

/** A machine with what the front ends need beside it. */
export interface Host {
  readonly machine: Machine;
  readonly video: Video;
  readonly sound: Sound;
  readonly events: EventHub;
  /** What /info and the info events tell. */
  readonly info: ReadonlyCell<InfoState>;
  readonly ocr: Ocr;
}

/** What answers the video requests, once they are allowed. */
export interface VideoFront {
  /** Answers /streamer, /streamer/state, /streamer/snapshot and /streamer/stream. */
  serveStreamer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    video: Video,
    ended: AbortSignal,
  ): void;
  /** Takes over an open /media/ws socket; `mode` starts a format without a message. */
  serveMediaSocket(
    socket: WebSocket,
    video: Video,
    mode: 'jpeg' | 'h264' | 'tiles' | undefined,
    ended: AbortSignal,
  ): void;
  mediaStateOf(video: Video): MediaState;
}

/** What all handlers share. */
export interface Services {
  readonly auth: Auth;
  readonly logReader: LogReader;
  readonly videoFront: VideoFront;
  /** Undefined where it is disabled. */
  readonly webRtc: WebRtc | undefined;
  readonly whepViewers: WhepViewers;
  readonly log: Log;
  readonly encoded: EncodedStates;
  readonly hidSessions: HidSessions;
  /** Where a login may redirect to, lower case. */
  readonly loginRedirects: readonly string[];
}

/** One request as a handler sees it. */
export interface Call {
  readonly host: Host;
  readonly services: Services;
  /** Of `public` operations nobody. */
  readonly identity: Identity | undefined;
  /** The session cookie as sent, undefined when missing or empty. */
  readonly token: string | undefined;
  /** The client's address. */
  readonly address: string;
  /** That of this host which the client has reached; undefined where a proxy stands between. */
  readonly localAddress: string | undefined;
  /** What the client calls itself, as sent; '' where it says nothing. */
  readonly agent: string;
  /** Whether the client came over TLS. */
  readonly secure: boolean;
  /** Aborts when the session, the connection or the server ends. */
  readonly ended: AbortSignal;
  /** The body, of operations with a binary one. */
  readonly upload: Upload;
  /** The body as text. Throws ValidatorError when it is none. */
  text(): string;
}
