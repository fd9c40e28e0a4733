import { randomBytes, randomInt } from 'node:crypto';
import { udpExchange } from '../../platform/udp-exchange.ts';
import {
  decodeAnswer,
  encodeAccessRequest,
  RADIUS_MAX_PASSWORD,
} from '../../protocols/radius/packet.ts';
import type { AskBackEnd } from './remote.ts';

/** Keys as PiKVM's, and one of ours. */
export interface RadiusOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Of the whole attempt, s; the question is sent three times in it. */
  readonly timeout: number;
  /** Refuse answers without Message-Authenticator (Blast-RADIUS, CVE-2024-3596). */
  readonly require_message_authenticator: boolean;
}

const SENDS = 3;
const NAS = 'crashcart';

/** Asks a RADIUS server with PAP; a challenge counts as no, since nobody can answer it. */
export function askRadius(options: RadiusOptions): AskBackEnd {
  const { host, port, secret } = options;
  return async (user, passwd, signal) => {
    if (Buffer.byteLength(passwd) > RADIUS_MAX_PASSWORD) return false;
    const request = { id: randomInt(256), authenticator: randomBytes(16), secret };
    const check = { request, requireMessageAuthenticator: options.require_message_authenticator };
    const answer = await udpExchange({
      ...{ host, port, signal },
      request: encodeAccessRequest({ ...request, user, passwd, nas: NAS }),
      read: (datagram) => decodeAnswer(datagram, check),
      resendMs: (options.timeout * 1000) / SENDS,
    });
    return answer === 'accept';
  };
}
