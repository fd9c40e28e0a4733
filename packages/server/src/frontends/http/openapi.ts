import { Buffer } from 'node:buffer';
import { openApiDocument } from '@crashcart/api';

/** Encodes the OpenAPI document of the contract when first asked for; `version` is crashcart's. */
export function openApiSource(version: string): () => Promise<Uint8Array> {
  let bytes: Buffer | undefined;
  return async () => {
    bytes ??= Buffer.from(JSON.stringify(openApiDocument(version), null, 2));
    return bytes;
  };
}
