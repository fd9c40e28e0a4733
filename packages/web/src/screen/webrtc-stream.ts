import { RefusedError, request } from '../api.ts';
import { link } from '../state/connection.ts';
import { figuresShown } from '../state/settings.ts';
import { fitCanvas } from './canvas-size.ts';
import type { MediaStreamListener } from './media-stream.ts';
import type { PathTrouble } from './paths.ts';
import { drawnFps } from './picture-state.ts';
import { StreamCounter, streamFigures } from './stream-figures.ts';
import { h264First, openWhep } from './whep.ts';

const SECOND_MS = 1_000;
/** The first picture must be there by then, in ms. */
const FIRST_PICTURE_MS = 6_000;

/** Draws the machine's picture as it comes by WebRTC on the canvas, until stopped. */
export function streamWebRtc(canvas: HTMLCanvasElement, on: MediaStreamListener): () => void {
  let stop: (() => void) | undefined = openStream(canvas, on);
  // A server that was away has forgotten its streams.
  const unfollow = link.subscribe(({ kind }) => {
    if (kind === 'lost') {
      stop?.();
      stop = undefined;
    } else if (kind === 'open') stop ??= openStream(canvas, on);
  });
  return () => {
    unfollow();
    stop?.();
  };
}

function openStream(canvas: HTMLCanvasElement, on: MediaStreamListener): () => void {
  const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
  const peer = new RTCPeerConnection();
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  const counter = new StreamCounter(performance.now());
  const totals = { bytes: 0, dropped: 0, rttMs: undefined as number | undefined };
  let ended = false;
  let endOnServer: (() => void) | undefined;

  const stop = () => {
    if (ended) return;
    ended = true;
    clearInterval(tick);
    clearTimeout(first);
    drawnFps.value = undefined;
    streamFigures.value = undefined;
    video.srcObject = null;
    peer.close();
    endOnServer?.();
  };
  const fail = (trouble: PathTrouble) => {
    if (ended) return;
    stop();
    on.unavailable(trouble);
  };
  const first = setTimeout(() => fail('no packets'), FIRST_PICTURE_MS);
  const tick = setInterval(() => {
    const figures = { ...counter.take(performance.now()), rttMs: totals.rttMs };
    drawnFps.value = figures.fps;
    streamFigures.value = figures;
    // It costs something, so only who looks pays.
    if (figuresShown.peek()) void readStats(peer, totals, counter);
  }, SECOND_MS);

  const draw = () => {
    if (ended) return;
    clearTimeout(first);
    on.trying(0);
    if (context !== null && video.videoWidth > 0) {
      fitCanvas(canvas, video.videoWidth, video.videoHeight);
      context.drawImage(video, 0, 0);
      counter.drew();
    }
    video.requestVideoFrameCallback(draw);
  };
  peer.addEventListener('track', ({ track, receiver }) => {
    // What waits for a smooth motion comes late.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    video.srcObject = new MediaStream([track]);
    video.requestVideoFrameCallback(draw);
    video.play().catch(() => fail('not drawn'));
  });
  peer.addEventListener('connectionstatechange', () => {
    if (peer.connectionState === 'failed') fail('no packets');
  });
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const transceiver = peer.addTransceiver('video', { direction: 'recvonly' });
  if (codecs.length > 0) transceiver.setCodecPreferences(h264First(codecs));
  openWhep(peer, request).then(
    (end) => {
      endOnServer = end;
      if (ended) end();
    },
    (error: unknown) => fail(error instanceof RefusedError ? 'not offered' : 'not drawn'),
  );
  return stop;
}

async function readStats(
  peer: RTCPeerConnection,
  totals: { bytes: number; dropped: number; rttMs: number | undefined },
  counter: StreamCounter,
): Promise<void> {
  const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0);
  for (const entry of (await peer.getStats()).values() as Iterable<Record<string, unknown>>) {
    if (entry.type === 'inbound-rtp') {
      const [bytes, dropped] = [numberOf(entry.bytesReceived), numberOf(entry.framesDropped)];
      counter.received(bytes - totals.bytes);
      counter.dropped(dropped - totals.dropped);
      Object.assign(totals, { bytes, dropped });
    } else if (entry.type === 'candidate-pair' && entry.nominated === true) {
      totals.rttMs = numberOf(entry.currentRoundTripTime) * SECOND_MS;
    }
  }
}
