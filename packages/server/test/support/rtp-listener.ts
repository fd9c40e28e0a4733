import { Audio, PeerConnection, type Track } from 'node-datachannel';

/** One who listens over WHEP without a browser, and only counts. */
export class RtpListener implements Disposable {
  packets = 0;
  readonly #peer = new PeerConnection('listener', { iceServers: [], disableAutoNegotiation: true });
  readonly #track: Track;

  private constructor() {
    const audio = new Audio('0', 'RecvOnly');
    audio.addOpusCodec(111);
    this.#track = this.#peer.addTrack(audio);
    this.#track.onMessage(() => {
      this.packets += 1;
    });
  }

  /** Begins to listen; the status where that is refused. */
  static async start(url: string, headers: Record<string, string>): Promise<RtpListener | number> {
    const listener = new RtpListener();
    const peer = listener.#peer;
    await new Promise<void>((resolve) => {
      peer.onGatheringStateChange((state) => {
        if (state === 'complete') resolve();
      });
      peer.setLocalDescription('offer');
    });
    const body = peer.localDescription()?.sdp ?? '';
    const response = await fetch(url, { method: 'POST', body, headers });
    const text = await response.text();
    if (response.status === 201) {
      peer.setRemoteDescription(text, 'answer');
      return listener;
    }
    listener[Symbol.dispose]();
    return response.status;
  }

  [Symbol.dispose](): void {
    this.#track.close();
    this.#peer.close();
  }
}
