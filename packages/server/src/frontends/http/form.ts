import type { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { ValidatorError } from '@crashcart/api';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { type Lookup, lookupIn, nothing } from './parameters.ts';

const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 64 * 1024;

/**
 * The fields of a login body: urlencoded, multipart, or a flat JSON object; of repeated fields the
 * first counts. A body of another type has none. Throws a ValidatorError for a broken one.
 */
export async function parseForm(contentType: string | undefined, body: Buffer): Promise<Lookup> {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  switch (type) {
    case 'application/x-www-form-urlencoded':
      return lookupIn(body.toString('latin1'));
    case 'multipart/form-data':
      return lookupOf(await multipart(contentType ?? '', body));
    case 'application/json':
      return lookupOf(jsonFields(body));
    default:
      return nothing;
  }
}

function lookupOf(fields: ReadonlyMap<string, string>): Lookup {
  return (name) => fields.get(name);
}

function jsonFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ValidatorError('The body is not valid JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ValidatorError('The body must be a JSON object of user, passwd and expire');
  }
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === 'object') {
      if (item === null) continue;
      throw new ValidatorError('The body must be a JSON object of user, passwd and expire');
    }
    fields.set(name, String(item));
  }
  return fields;
}

function multipart(contentType: string, body: Buffer): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string>();
    const broken = () => reject(new ValidatorError('The body is not a valid form'));
    try {
      const headers: BusboyHeaders = { 'content-type': contentType };
      const parser = new Busboy({
        headers,
        limits: { fields: MAX_FIELDS, files: 0, fieldSize: MAX_FIELD_BYTES, parts: MAX_FIELDS },
      });
      parser.on('field', (name, value) => {
        if (!fields.has(name)) fields.set(name, value);
      });
      parser.on('finish', () => resolve(fields));
      parser.on('error', broken);
      // A body that ends before its last boundary closes the stream without an error.
      parser.on('close', broken);
      Readable.from([body]).pipe(parser);
    } catch {
      broken();
    }
  });
}
