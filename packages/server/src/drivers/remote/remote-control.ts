import type { StreamerState } from '@crashcart/api';
import { DerivedCell } from '../../core/state.ts';
import type {
  StreamerParamsChange,
  VideoControl,
  VideoControlState,
} from '../../core/video-source.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** The streamer of a remote machine: its parameters are those of all who watch there. */
export class RemoteControl implements VideoControl {
  readonly state: DerivedCell<VideoControlState | undefined>;
  readonly #link: RemoteLink;

  constructor(link: RemoteLink, states: RemoteStates) {
    this.#link = link;
    this.state = new DerivedCell([states.streamer], () => {
      const told = states.streamer.value;
      return told && withoutH264(told);
    });
  }

  async setParams(change: StreamerParamsChange): Promise<void> {
    await this.#link.act((client, signal) => client.call('streamerSetParams', change, { signal }));
  }

  async reset(): Promise<void> {
    await this.#link.act((client, signal) => client.call('streamerReset', {}, { signal }));
  }
}

/** Only JPEG comes over to us, so H.264 is nothing that our viewers could have. */
function withoutH264({ features, limits, params, applied }: StreamerState): VideoControlState {
  return {
    features: { ...features, h264: false },
    limits: {
      desired_fps: limits.desired_fps,
      ...(limits.available_resolutions
        ? { available_resolutions: limits.available_resolutions }
        : {}),
    },
    params: jpegParams(params),
    applied: jpegParams(applied),
  };
}

function jpegParams({
  h264_bitrate: _bitrate,
  h264_gop: _gop,
  ...params
}: StreamerState['params']): StreamerState['params'] {
  return params;
}
