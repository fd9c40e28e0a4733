import { Buffer } from 'node:buffer';
import * as api from '@crashcart/api';

let bytes: Buffer | undefined;

/** The OpenAPI document of the contract, encoded when first asked for. */
export async function openApiBytes(): Promise<Uint8Array> {
  bytes ??= Buffer.from(JSON.stringify(api.openApiDocument(), null, 2));
  return bytes;
}
