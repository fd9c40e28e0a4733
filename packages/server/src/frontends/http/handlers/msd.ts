import { imageNameIn, imageSize, type MsdUpload } from '@crashcart/api';
import { lineJson } from '../envelope.ts';
import { errorFields } from '../errors.ts';
import type { Call } from '../host.ts';
import { EncodedResult, Reply } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

type MsdOperation =
  | 'msd'
  | 'msdSetParams'
  | 'msdSetConnected'
  | 'msdWrite'
  | 'msdWriteRemote'
  | 'msdLink'
  | 'msdRead'
  | 'msdRemove'
  | 'msdReset';

/** The virtual drive and its images. */
export const msdHandlers: HandlersOf<MsdOperation> = {
  msd(_args, { host, services }) {
    const state = host.machine.msd.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async msdSetParams(params, { host }) {
    await host.machine.msd.setParams(params);
    return {};
  },

  async msdSetConnected({ connected }, { host }) {
    await host.machine.msd.setConnected(connected);
    return {};
  },

  async msdWrite({ prefix, image, remove_incomplete }, { host, upload }) {
    const name = imageNameIn(prefix, image);
    const size = imageSize(upload.length);
    const chunks = upload.chunks();
    const removeIncomplete = remove_incomplete;
    return { image: await host.machine.msd.write({ name, size, removeIncomplete, chunks }) };
  },

  async msdWriteRemote(args, call) {
    const progress = await call.host.machine.msd.writeRemote({
      url: args.url,
      prefix: args.prefix,
      image: args.image,
      timeoutMs: args.timeout * 1000,
      insecure: args.insecure,
      removeIncomplete: args.remove_incomplete,
      signal: call.ended,
    });
    return new Reply(200, { 'content-type': 'application/x-ndjson' }, printed(progress, call));
  },

  async msdLink({ url, prefix, image, insecure }, { host, ended }) {
    const signal = ended;
    return { image: await host.machine.msd.link({ url, prefix, image, insecure, signal }) };
  },

  async msdRead({ image, compress }, { host, ended }) {
    const { size, chunks } = await host.machine.msd.read(image, compress, ended);
    const file = `${image.slice(image.lastIndexOf('/') + 1)}${SUFFIX_OF[compress]}`;
    return new Reply(
      200,
      {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeRfc5987(file)}`,
        ...(size === undefined ? {} : { 'content-length': String(size) }),
      },
      chunks,
    );
  },

  async msdRemove({ image }, { host }) {
    await host.machine.msd.remove(image);
    return {};
  },

  async msdReset(_args, { host }) {
    await host.machine.msd.reset();
    return {};
  },
};

const SUFFIX_OF = { none: '', lzma: '.xz', zstd: '.zst' } as const;

/** Everything but letters, digits and `-._~` is escaped. */
function encodeRfc5987(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A line each; what fails in the middle is the last one. */
async function* printed(
  progress: AsyncIterable<MsdUpload>,
  { services }: Call,
): AsyncGenerator<string> {
  try {
    for await (const image of progress) yield line({ ok: true, result: { image } });
  } catch (error) {
    yield line({ ok: false, result: errorFields(error, services.log) });
  }
}

function line(envelope: unknown): string {
  return `${lineJson(envelope)}\r\n`;
}
