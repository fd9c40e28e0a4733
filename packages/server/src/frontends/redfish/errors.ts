import type { IncomingMessage } from 'node:http';
import { prettyJson } from '../http/envelope.ts';
import { JSON_TYPE, jsonReply, Reply } from '../http/reply.ts';

/** Every answer says which OData this is (DSP0266, 8.1). */
export const ODATA_HEADERS = { 'odata-version': '4.0' } as const;

/**
 * An error as the client reads it: who names its OData version speaks Redfish and gets the error
 * of DSP0266, 8.6; others get PiKVM's.
 */
export function redfishError(request: IncomingMessage, reply: Reply): Reply {
  const headers = { ...reply.headers, ...ODATA_HEADERS };
  if (request.headers['odata-version'] === undefined || !(reply.body instanceof Uint8Array)) {
    return new Reply(reply.status, headers, reply.body);
  }
  const text = messageIn(Buffer.from(reply.body).toString());
  const body = {
    error: {
      code: GENERAL_ERROR,
      message: text,
      '@Message.ExtendedInfo': [
        {
          '@odata.type': '#Message.v1_1_1.Message',
          MessageId: GENERAL_ERROR,
          Message: text,
          MessageArgs: [],
          Severity: reply.status >= 500 ? 'Critical' : 'Warning',
          Resolution: 'None.',
        },
      ],
    },
  };
  const challenge = reply.status === 401 ? { 'www-authenticate': 'Basic realm="crashcart"' } : {};
  return jsonReply(reply.status, prettyJson(body), {
    ...headers,
    ...challenge,
    'content-type': JSON_TYPE,
  });
}

/** Of the Base registry: the message itself says what is wrong. */
const GENERAL_ERROR = 'Base.1.8.GeneralError';

/** What the answer says in words: `error_msg` of the envelope, or the plain text. */
function messageIn(body: string): string {
  if (!body.startsWith('{')) return body.split('\n', 1)[0] ?? body;
  const { result }: { result?: { error_msg?: string } } = JSON.parse(body);
  return result?.error_msg ?? body;
}
