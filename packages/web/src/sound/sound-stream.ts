import { RefusedError, request } from '../api.ts';
import { openWhep } from '../screen/whep.ts';
import { backoffMs } from '../state/backoff.ts';
import { link } from '../state/connection.ts';
import { withStereo } from './stereo.ts';

/** Who owns the sound. */
export interface SoundStreamListener {
  /** Why it does not come now, as a sentence; undefined: it comes. It is tried again. */
  trouble(sentence: string | undefined): void;
  /** The browser wants a click first. */
  held(): void;
}

const NO_PACKETS = 'The sound does not come through: a firewall may have to let UDP pass.';
const NOT_PLAYED = 'This browser does not play the sound. Another browser or a newer one may.';

/**
 * Plays the machine's sound on an element until stopped, connecting again after losses. It comes by
 * a connection of its own, so it does not matter how the picture comes.
 */
export function streamSound(element: HTMLAudioElement, on: SoundStreamListener): () => void {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  const connect = () => {
    clearTimeout(timer);
    stop = openStream(element, {
      held: on.held,
      trouble: (sentence) => {
        on.trouble(sentence);
        if (sentence === undefined) attempt = 0;
        else {
          attempt += 1;
          stop = undefined;
          timer = setTimeout(connect, backoffMs(attempt));
        }
      },
    });
  };
  // A server that was away has forgotten its streams.
  const unfollow = link.subscribe(({ kind }) => {
    if (kind === 'connecting') return;
    clearTimeout(timer);
    stop?.();
    stop = undefined;
    if (kind === 'open') connect();
  });
  return () => {
    unfollow();
    clearTimeout(timer);
    stop?.();
  };
}

function openStream(element: HTMLAudioElement, on: SoundStreamListener): () => void {
  const peer = new RTCPeerConnection();
  let ended = false;
  let endOnServer: (() => void) | undefined;
  const stop = () => {
    if (ended) return;
    ended = true;
    element.srcObject = null;
    peer.close();
    endOnServer?.();
  };
  const fail = (sentence: string) => {
    if (ended) return;
    stop();
    on.trouble(sentence);
  };
  peer.addTransceiver('audio', { direction: 'recvonly' });
  peer.addEventListener('track', ({ track }) => {
    element.srcObject = new MediaStream([track]);
    element.play().catch((error: unknown) => {
      if (ended) return;
      if (error instanceof DOMException && error.name === 'NotAllowedError') on.held();
      else fail(NOT_PLAYED);
    });
  });
  peer.addEventListener('connectionstatechange', () => {
    if (peer.connectionState === 'failed') fail(NO_PACKETS);
    else if (peer.connectionState === 'connected' && !ended) on.trouble(undefined);
  });
  openWhep(peer, request, withStereo).then(
    (end) => {
      endOnServer = end;
      if (ended) end();
    },
    (error: unknown) => fail(error instanceof RefusedError ? error.message : NOT_PLAYED),
  );
  return stop;
}
