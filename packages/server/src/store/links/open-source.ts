import { KvmError } from '@crashcart/api';
import { type BlockSource, SourceChangedError, type SourceFacts } from './block-source.ts';
import { openHelperSource } from './helper-source.ts';
import { linkKind } from './link-url.ts';
import { openNbdSource } from './nbd-source.ts';
import { openWebSource } from './web-source.ts';

/** Where a source is. */
export interface SourceAddress {
  /** With what opens it. */
  readonly url: string;
  /** Whatever the certificate or the key of the host says. */
  readonly insecure: boolean;
}

/**
 * Opens a source; with `facts` it must be the same as when they were told. Rejects as
 * `BlockSource.read` does.
 */
export async function openSource(
  { url, insecure }: SourceAddress,
  facts: SourceFacts | undefined,
  signal: AbortSignal,
): Promise<BlockSource> {
  const source = await open(new URL(url), insecure, signal);
  const difference = facts && differenceOf(facts, source.facts);
  if (difference === undefined) return source;
  source.close();
  throw new SourceChangedError(`The image has changed at its source (${difference})`);
}

function open(url: URL, insecure: boolean, signal: AbortSignal): Promise<BlockSource> {
  switch (linkKind(url)) {
    case 'web':
      return openWebSource(url.href, insecure, signal);
    case 'nbd':
      return openNbdSource(url, insecure, signal);
    case 'helper':
      return openHelperSource(url, insecure, signal);
    case undefined:
      throw new KvmError('ValidatorError', `Images cannot be linked over ${url.protocol}`);
  }
}

function differenceOf(known: SourceFacts, now: SourceFacts): string | undefined {
  if (known.size !== now.size) return `it has ${now.size} bytes`;
  if (known.etag !== now.etag) return 'another ETag';
  return known.lastModified === now.lastModified ? undefined : 'another Last-Modified';
}
