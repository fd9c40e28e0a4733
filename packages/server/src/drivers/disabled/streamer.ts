import { StateCell } from '../../core/state.ts';
import type { VideoFeed, VideoSignal, VideoSource } from '../../core/video-source.ts';

/** No video: the feed says so and never has a picture. */
export class DisabledVideoSource implements VideoSource {
  readonly name = 'disabled';
  readonly resolutions: readonly string[] | undefined = undefined;

  open(): VideoFeed {
    return {
      signal: new StateCell<VideoSignal>({ online: false, reason: 'Video is disabled' }),
      onFrame: undefined,
      setWatched() {},
      async [Symbol.asyncDispose]() {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
