import { EncodedResult, Reply } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

type StreamerOperation =
  | 'streamer'
  | 'streamerSetParams'
  | 'streamerReset'
  | 'streamerSnapshot'
  | 'streamerRemoveSnapshot'
  | 'streamerOcr';

/** The video streamer; the streams themselves are `serveStreamer`'s. */
export const streamerHandlers: HandlersOf<StreamerOperation> = {
  streamer(_args, { host, services }) {
    const state = host.machine.streamer.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async streamerSetParams(params, { host }) {
    await host.machine.streamer.requestParams(params);
    return {};
  },

  streamerReset(_args, { host, services }) {
    // As in PiKVM the answer does not wait for the restart.
    host.machine.streamer.reset().catch((error) => {
      services.log.error({ err: error }, 'The streamer could not be started anew');
    });
    return {};
  },

  async streamerSnapshot(args, { host, ended }) {
    const { jpeg, headers, keep } = await host.video.snapshot({
      save: args.save && !args.ocr,
      load: args.load,
      allowOffline: args.allow_offline,
      preview: args.preview && !args.ocr,
      previewMaxWidth: args.preview_max_width,
      previewMaxHeight: args.preview_max_height,
      previewQuality: args.preview_quality,
    });
    if (!args.ocr) return new Reply(200, { 'content-type': 'image/jpeg', ...headers }, jpeg);
    const { ocr_left: left, ocr_top: top, ocr_right: right, ocr_bottom: bottom } = args;
    const region = { left, top, right, bottom };
    const read = { langs: args.ocr_langs ?? [], region, signal: ended };
    const text = Buffer.from(await host.ocr.recognize(jpeg, read));
    // Not earlier: an answer that is an error has changed nothing.
    if (args.save && !args.load) keep();
    return new Reply(200, { 'content-type': 'text/plain', ...headers }, text);
  },

  streamerRemoveSnapshot(_args, { host }) {
    host.video.removeSnapshot();
    return {};
  },

  async streamerOcr(_args, { host }) {
    await host.ocr.refresh();
    return { ocr: host.ocr.state.value };
  },
};
