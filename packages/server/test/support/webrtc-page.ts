import type { Colour } from './h264-stream.ts';

/** What the scripts below keep in the page. */
interface Watching {
  readonly peer: RTCPeerConnection;
  readonly video: HTMLVideoElement;
  readonly location: string;
}
interface JanusPage extends Window {
  watching?: Watching;
  janus?: { ask(request: object, jsep?: object): Promise<Record<string, unknown>> };
  heard?: Record<string, unknown>[];
}

/** Runs in the page: watches over WHEP as anybody would. */
export async function watchWhep(url: string): Promise<string> {
  const peer = new RTCPeerConnection();
  const video = document.body.appendChild(document.createElement('video'));
  video.muted = true;
  video.autoplay = true;
  peer.ontrack = ({ track }) => {
    if (track.kind !== 'video') return;
    video.srcObject = new MediaStream([track]);
    void video.play();
  };
  peer.addTransceiver('video', { direction: 'recvonly' });
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
  (window as JanusPage).watching = { peer, video, location };
  await peer.setRemoteDescription({ type: 'answer', sdp: text });
  return location;
}

/** Runs in the page: PiKVM's exchange over Janus's API, up to the picture and the sound. */
export async function watchJanus({
  url,
  audio,
}: {
  url: string;
  audio: boolean;
}): Promise<readonly string[]> {
  const page = window as JanusPage;
  const socket = new WebSocket(url, 'janus-protocol');
  const heard: Record<string, unknown>[] = [];
  const waiting = new Map<string, (message: Record<string, unknown>) => void>();
  page.heard = heard;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data) as Record<string, unknown>;
    heard.push(message);
    if (message.janus !== 'ack') waiting.get(String(message.transaction))?.(message);
  };
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  let count = 0;
  const call = (message: object) => {
    count += 1;
    const transaction = `t${count}`;
    const answer = new Promise<Record<string, unknown>>((resolve) => {
      waiting.set(transaction, resolve);
    });
    socket.send(JSON.stringify({ ...message, transaction }));
    return answer;
  };
  const idOf = ({ data }: Record<string, unknown>) => (data as { id: number }).id;
  const session_id = idOf(await call({ janus: 'create' }));
  const plugin = 'janus.plugin.ustreamer';
  const handle_id = idOf(await call({ janus: 'attach', session_id, plugin }));
  const place = { session_id, handle_id };
  const ask = (body: object, jsep?: object) =>
    call({ janus: 'message', ...place, body, ...(jsep ? { jsep } : {}) });
  page.janus = { ask };
  const features = await ask({ request: 'features' });
  const params = { orientation: 0, audio, mic: false, camera: false };
  const offered = await ask({ request: 'watch', params });
  const peer = new RTCPeerConnection();
  const video = document.body.appendChild(document.createElement('video'));
  video.muted = true;
  video.autoplay = true;
  page.watching = { peer, video, location: '' };
  peer.ontrack = ({ track }) => {
    if (track.kind !== 'video') return;
    video.srcObject = new MediaStream([track]);
    void video.play();
  };
  peer.onicecandidate = ({ candidate }) =>
    socket.send(
      JSON.stringify({
        ...{ janus: 'trickle', ...place, transaction: 'trickle' },
        candidate: candidate ? candidate.toJSON() : { completed: true },
      }),
    );
  const offer = offered.jsep as RTCSessionDescriptionInit;
  await peer.setRemoteDescription(offer);
  await peer.setLocalDescription();
  const { type = '', sdp = '' } = peer.localDescription?.toJSON() ?? {};
  const started = await ask({ request: 'start' }, { type, sdp });
  return [features, offered, started]
    .map(({ plugindata }) => JSON.stringify((plugindata as { data: unknown }).data))
    .concat(offer.sdp ?? '');
}

/** Runs in the page: asks the plug-in something more. */
export async function askJanus(request: string): Promise<string> {
  const { plugindata } = (await (window as JanusPage).janus?.ask({ request })) ?? {};
  return JSON.stringify((plugindata as { data: unknown } | undefined)?.data);
}

/** Runs in the page: the verbs that the server has said. */
export function heardVerbs(): readonly string[] {
  return ((window as JanusPage).heard ?? []).map(({ janus }) => String(janus));
}

/** Runs in the page: the middle pixel of the video; undefined before there is a picture. */
export function middleOfVideo(): Colour | undefined {
  const video = (window as JanusPage).watching?.video;
  if (!video || video.videoWidth === 0) return undefined;
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d');
  context?.drawImage(video, -video.videoWidth / 2, -video.videoHeight / 2);
  const [red = 0, green = 0, blue = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
  return [red, green, blue];
}

/** Runs in the page: what the receiver of a medium counts. */
export async function receiverStats(kind = 'video'): Promise<Record<string, number>> {
  const stats = await (window as JanusPage).watching?.peer.getStats();
  for (const entry of stats?.values() ?? []) {
    if (entry.type === 'inbound-rtp' && entry.kind === kind) return entry;
  }
  return {};
}

/** Runs in the page: ends a viewer of WHEP; the status. */
export async function endWhep(): Promise<number> {
  const { location = '', peer } = (window as JanusPage).watching ?? {};
  const { status } = await fetch(location, { method: 'DELETE' });
  peer?.close();
  return status;
}
