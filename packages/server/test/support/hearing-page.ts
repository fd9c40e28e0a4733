import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** The machine may have much else to do. */
const WAIT = { timeout: 20_000, interval: 50 };
/** As loud as what nobody hears, 0..1. */
const SILENT = 0.003;
const LOUD = 0.05;

/** What is heard in a page. */
interface Heard {
  /** The loudest frequency. */
  readonly hz: number;
  /** Of the loudest sample, 0..1. */
  readonly level: number;
}

interface HearingPage extends Window {
  watching?: { readonly peer: RTCPeerConnection; readonly location: string };
  analyser?: AnalyserNode;
}

/** Runs in the page: listens over WHEP, without a picture; the Location, or why not. */
export async function listenWhep(url: string): Promise<string> {
  const peer = new RTCPeerConnection();
  peer.addTransceiver('audio', { direction: 'recvonly' });
  await peer.setLocalDescription();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: peer.localDescription?.sdp ?? '',
  });
  const text = await response.text();
  if (response.status !== 201) return `${response.status} ${text}`;
  const location = new URL(response.headers.get('location') ?? '', response.url).href;
  Object.assign(window, { watching: { peer, video: undefined, location } });
  await peer.setRemoteDescription({ type: 'answer', sdp: text });
  return location;
}

/** Runs in the page: analyses the sound of an element, or of the connection there is. */
export async function startHearing(selector: string | undefined): Promise<void> {
  const page = window as HearingPage;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 16_384, smoothingTimeConstant: 0 });
  const element = selector === undefined ? undefined : document.querySelector(selector);
  let stream = (element as HTMLMediaElement | null | undefined)?.srcObject;
  if (!stream) {
    const receivers = page.watching?.peer.getReceivers() ?? [];
    stream = new MediaStream(
      receivers.map(({ track }) => track).filter(({ kind }) => kind === 'audio'),
    );
    // Chromium decodes only what an element plays.
    const player = Object.assign(new Audio(), { srcObject: stream, muted: true });
    await player.play();
  }
  context.createMediaStreamSource(stream as MediaStream).connect(analyser);
  await context.resume();
  page.analyser = analyser;
}

/** Runs in the page: what is heard now. */
function hear(): Heard {
  const { analyser } = window as HearingPage;
  if (!analyser) return { hz: 0, level: 0 };
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const level = Math.max(...samples.map(Math.abs));
  return { hz: (loudest * analyser.context.sampleRate) / analyser.fftSize, level };
}

/** Resolves when a tone of so many Hz is heard, within 5 %. */
export async function untilHeard(page: Page, hz: number): Promise<void> {
  const distance = async () => {
    const heard = await page.evaluate(hear);
    return heard.level > LOUD ? Math.abs(heard.hz - hz) / hz : 1;
  };
  await expect.poll(distance, WAIT).toBeLessThan(0.05);
}

/** Resolves when nothing is heard. */
export async function untilSilent(page: Page): Promise<void> {
  await expect.poll(async () => (await page.evaluate(hear)).level, WAIT).toBeLessThan(SILENT);
}
