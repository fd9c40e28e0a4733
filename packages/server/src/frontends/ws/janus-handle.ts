import type { JanusCandidate, JanusJsep } from '../../protocols/janus.ts';
import type { WebRtc, WebRtcMachine } from '../../video/webrtc.ts';
import type { WebRtcViewer } from '../../video/webrtc-viewer.ts';

/** The one plug-in there is. */
export const PLUGIN = 'janus.plugin.ustreamer';

type Fields = Readonly<Record<string, unknown>>;

/** What the plug-in says, with a description that goes along. */
export interface PluginEvent {
  readonly data: Fields;
  readonly jsep?: JanusJsep;
}

/** What a handle is made of. */
export interface JanusHandleOptions {
  readonly webRtc: WebRtc;
  readonly machine: WebRtcMachine;
  readonly localAddress: string | undefined;
  /** The connection is there. */
  readonly onUp: () => void;
  /** The connection is over, and the client did not ask for that. */
  readonly onDown: () => void;
}

/** µStreamer's plug-in for one handle: what its requests do, in its words. */
export class JanusHandle {
  readonly #options: JanusHandleOptions;
  #viewer: WebRtcViewer | undefined;
  /** Grows with each start and stop: what comes late is of no use. */
  #turn = 0;

  constructor(options: JanusHandleOptions) {
    this.#options = options;
  }

  /** Does what a message asks. Throws KvmErrors where that is not possible. */
  async ask(
    { request, params }: Fields,
    jsep: JanusJsep | undefined,
  ): Promise<PluginEvent | undefined> {
    switch (request) {
      case 'features': {
        const { webRtc, machine } = this.#options;
        const audio = machine.sound.trouble === undefined;
        return result('features', { features: { audio, mic: false, ice: { url: webRtc.stun } } });
      }
      case 'watch':
        return this.#watch(wantsSound(params));
      case 'start':
        return this.#start(jsep);
      case 'key_required':
        this.#viewer?.refresh();
        return undefined;
      case 'stop':
        this.stop();
        return result('stopped');
      default:
        return request === undefined
          ? failure(400, 'request missing')
          : failure(405, 'Not implemented');
    }
  }

  addCandidates(candidates: readonly JanusCandidate[]): void {
    for (const { candidate, mid } of candidates) this.#viewer?.addCandidate(candidate, mid);
  }

  stop(): void {
    this.#turn += 1;
    const viewer = this.#viewer;
    this.#viewer = undefined;
    viewer?.close();
  }

  async #watch(withSound: boolean): Promise<PluginEvent | undefined> {
    this.stop();
    const turn = this.#turn;
    const { webRtc, machine, localAddress, onUp, onDown } = this.#options;
    const viewer = await webRtc.offer(machine, localAddress, withSound);
    if (turn !== this.#turn) {
      viewer.close();
      return undefined;
    }
    this.#viewer = viewer;
    viewer.onOpen(onUp);
    const ended = () => {
      if (this.#viewer !== viewer) return;
      this.#viewer = undefined;
      onDown();
    };
    viewer.ended.addEventListener('abort', ended, { once: true });
    const sdp = webRtc.describe(viewer, localAddress);
    return { ...result('started'), jsep: { type: 'offer', sdp } };
  }

  #start(jsep: JanusJsep | undefined): PluginEvent {
    const viewer = this.#viewer;
    if (!viewer) return failure(400, 'Nothing is watched');
    if (jsep?.type === 'answer') {
      try {
        viewer.accept(jsep.sdp);
      } catch (error) {
        return failure(400, `The answer is not understood: ${String(error)}`);
      }
    }
    viewer.start();
    return result('started');
  }
}

/** As PiKVM's page asks: `{"audio": true, …}`. */
function wantsSound(params: unknown): boolean {
  return (
    typeof params === 'object' && params !== null && 'audio' in params && params.audio === true
  );
}

function result(status: string, more: Fields = {}): PluginEvent {
  return { data: { ustreamer: 'event', result: { status, ...more } } };
}

/** An error in the plug-in's words. */
export function failure(code: number, text: string): PluginEvent {
  return { data: { ustreamer: 'event', error_code: code, error: text } };
}
