import type { OcrState } from '@crashcart/api';
import { EncodedResult, Reply } from '../reply.ts';
import type { HandlersOf } from '../routes.ts';

type StreamerOperation =
  | 'streamer'
  | 'streamerSetParams'
  | 'streamerReset'
  | 'streamerSnapshot'
  | 'streamerRemoveSnapshot'
  | 'streamerOcr';

const NO_OCR: OcrState = { enabled: false, langs: { default: [], available: [] } };

/** The video streamer; the streams themselves are `serveStreamer`'s. */
export const streamerHandlers: HandlersOf<StreamerOperation> = {
  streamer(_args, { host, services }) {
    const state = host.machine.streamer.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  streamerSetParams(params, { host }) {
    host.machine.streamer.setParams(params);
    return {};
  },

  streamerReset(_args, { host, services }) {
    // As in PiKVM the answer does not wait for the restart.
    host.machine.streamer.reset().catch((error) => {
      services.log.error({ err: error }, 'The streamer could not be started anew');
    });
    return {};
  },

  async streamerSnapshot(args, { host }) {
    const { jpeg, headers } = await host.video.snapshot({
      save: args.save,
      load: args.load,
      allowOffline: args.allow_offline,
      preview: args.preview,
      previewMaxWidth: args.preview_max_width,
      previewMaxHeight: args.preview_max_height,
      previewQuality: args.preview_quality,
    });
    return new Reply(200, { 'content-type': 'image/jpeg', ...headers }, jpeg);
  },

  streamerRemoveSnapshot(_args, { host }) {
    host.video.removeSnapshot();
    return {};
  },

  streamerOcr: (_args, { host }) => ({ ocr: host.ocr?.value ?? NO_OCR }),
};
