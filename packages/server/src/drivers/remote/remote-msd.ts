import type { MsdCompression, MsdState, MsdUpload } from '@crashcart/api';
import type { LinkRequest } from '../../core/image-store.ts';
import type { MsdPart } from '../../core/machine.ts';
import type { MsdRemoteOptions } from '../../core/msd-exchange.ts';
import type { Incoming } from '../../core/msd-transfers.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { streamOf } from './byte-stream.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

type Given = Parameters<MsdPart['setParams']>[0];
type Download = Awaited<ReturnType<MsdPart['read']>>;

/** The virtual drive of a remote machine, and its images: they pass through, none is kept here. */
export class RemoteMsd implements MsdPart {
  readonly state: ReadonlyCell<MsdState>;
  readonly #link: RemoteLink;

  constructor(link: RemoteLink, states: RemoteStates) {
    this.#link = link;
    this.state = states.msd;
  }

  async setParams(given: Given): Promise<void> {
    await this.#link.act((client, signal) => client.call('msdSetParams', given, { signal }));
  }

  async setConnected(connected: boolean): Promise<void> {
    await this.#link.act((client, signal) =>
      client.call('msdSetConnected', { connected }, { signal }),
    );
  }

  async remove(image: string): Promise<void> {
    await this.#link.act((client, signal) => client.call('msdRemove', { image }, { signal }));
  }

  async reset(): Promise<void> {
    await this.#link.act((client, signal) => client.call('msdReset', {}, { signal }));
  }

  async write({ name, size, removeIncomplete, chunks }: Incoming): Promise<MsdUpload> {
    const args = { image: name, remove_incomplete: removeIncomplete };
    const body = { size, stream: streamOf(chunks) };
    const { image } = await this.#link.act((client, signal) =>
      client.call('msdWrite', args, { body, signal }),
    );
    return image;
  }

  async writeRemote(options: MsdRemoteOptions): Promise<AsyncGenerator<MsdUpload>> {
    const args = {
      ...{ url: options.url, prefix: options.prefix, image: options.image },
      ...{ timeout: options.timeoutMs / 1000, insecure: options.insecure },
      remove_incomplete: options.removeIncomplete,
    };
    const lines = await this.#link.open(
      (client, signal) => client.call('msdWriteRemote', args, { signal }),
      options.signal,
    );
    return imagesIn(lines);
  }

  async link({ signal: given, ...args }: LinkRequest) {
    const { image } = await this.#link.act(
      (client, signal) => client.call('msdLink', args, { signal }),
      given,
    );
    return image;
  }

  async read(image: string, compress: MsdCompression, given: AbortSignal): Promise<Download> {
    let size: number | undefined;
    const onHeaders = (headers: Headers) => {
      const length = headers.get('content-length');
      size = length === null ? undefined : Number(length);
    };
    const chunks = await this.#link.open(
      (client, signal) => client.call('msdRead', { image, compress }, { signal, onHeaders }),
      given,
    );
    return { size, chunks };
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function* imagesIn(
  lines: AsyncIterable<{ readonly image: MsdUpload }>,
): AsyncGenerator<MsdUpload> {
  for await (const { image } of lines) yield image;
}
