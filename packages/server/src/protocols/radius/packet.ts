import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * RADIUS (RFC 2865), authentication with a plain password (PAP).
 *
 *      0      1      2             4                         20
 *     +------+------+-------------+-------------------------+----------------+
 *     | code |  id  |   length    |      authenticator      |   attributes   |
 *     +------+------+-------------+-------------------------+----------------+
 *     attribute: type (1), length with these two octets (1), value
 */
const HEADER = 20;
/** RFC 2865 section 3. */
const MAX_LENGTH = 4096;
const AUTHENTICATOR_AT = 4;
const DIGEST = 16;
/** User-Password holds at most this many octets (section 5.2). */
export const RADIUS_MAX_PASSWORD = 128;

const ACCESS_REQUEST = 1;
const ANSWERS: Readonly<Record<number, RadiusAnswer>> = {
  2: 'accept',
  3: 'reject',
  11: 'challenge',
};

const USER_NAME = 1;
const USER_PASSWORD = 2;
const NAS_IDENTIFIER = 32;
/** RFC 2869 section 5.14. */
const MESSAGE_AUTHENTICATOR = 80;

/** What a server says about a password; a challenge asks for more. */
export type RadiusAnswer = 'accept' | 'reject' | 'challenge';

/** A datagram that is no valid answer to the request; the asker goes on waiting for one. */
export class RadiusError extends Error {
  override readonly name = 'RadiusError';
}

/** One question. */
export interface AccessRequest {
  /** 0 to 255. */
  readonly id: number;
  /** 16 random octets. */
  readonly authenticator: Uint8Array;
  readonly user: string;
  /** At most 128 octets. */
  readonly passwd: string;
  /** Who asks. */
  readonly nas: string;
  readonly secret: string;
}

/** The octets of an Access-Request with Message-Authenticator; RadiusError for what is too long. */
export function encodeAccessRequest(request: AccessRequest): Uint8Array {
  const { id, authenticator, user, passwd, nas, secret } = request;
  // First, as servers that know of Blast-RADIUS (CVE-2024-3596) want it.
  const attributes = Buffer.concat([
    attribute(MESSAGE_AUTHENTICATOR, Buffer.alloc(DIGEST)),
    attribute(USER_NAME, Buffer.from(user)),
    attribute(USER_PASSWORD, hidden(passwd, secret, authenticator)),
    attribute(NAS_IDENTIFIER, Buffer.from(nas)),
  ]);
  const packet = Buffer.alloc(HEADER + attributes.length);
  packet.writeUInt8(ACCESS_REQUEST, 0);
  packet.writeUInt8(id, 1);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(authenticator, AUTHENTICATOR_AT);
  packet.set(attributes, HEADER);
  packet.set(createHmac('md5', secret).update(packet).digest(), HEADER + 2);
  return packet;
}

/** What to hold an answer against. */
export interface AnswerCheck {
  readonly request: Pick<AccessRequest, 'id' | 'authenticator' | 'secret'>;
  /** Whether an answer without Message-Authenticator is refused. */
  readonly requireMessageAuthenticator: boolean;
}

/** What the server said; RadiusError unless it is proven to be the answer to this request. */
export function decodeAnswer(datagram: Uint8Array, check: AnswerCheck): RadiusAnswer {
  const { id, authenticator, secret } = check.request;
  const given = Buffer.from(datagram);
  const length = given.length < HEADER ? 0 : given.readUInt16BE(2);
  if (length < HEADER || length > MAX_LENGTH || length > given.length) {
    throw new RadiusError('The answer has a wrong length');
  }
  // Octets beyond the length are padding (section 3).
  const packet = given.subarray(0, length);
  if (packet.readUInt8(1) !== id) throw new RadiusError('The answer is to another request');
  const proof = packet.subarray(AUTHENTICATOR_AT, HEADER);
  const asSigned = Buffer.from(packet);
  asSigned.set(authenticator, AUTHENTICATOR_AT);
  const digest = createHash('md5').update(asSigned).update(secret).digest();
  if (!timingSafeEqual(digest, proof)) {
    throw new RadiusError('The answer is not signed with our secret');
  }
  checkMessageAuthenticator(asSigned, secret, check.requireMessageAuthenticator);
  const answer = ANSWERS[packet.readUInt8(0)];
  if (!answer) throw new RadiusError(`The answer is of an unknown kind ${packet.readUInt8(0)}`);
  return answer;
}

/** `packet` has the request's authenticator, under which the attribute was signed. */
function checkMessageAuthenticator(packet: Buffer, secret: string, required: boolean): void {
  let found = 0;
  for (let at = HEADER; at < packet.length; ) {
    const length = at + 1 < packet.length ? packet.readUInt8(at + 1) : 0;
    if (length < 2 || at + length > packet.length) {
      throw new RadiusError('The answer has a damaged attribute');
    }
    if (packet.readUInt8(at) === MESSAGE_AUTHENTICATOR) {
      if (length !== DIGEST + 2 || found > 0) {
        throw new RadiusError('The answer has a damaged Message-Authenticator');
      }
      found = at + 2;
    }
    at += length;
  }
  if (found === 0) {
    if (required) throw new RadiusError('The answer has no Message-Authenticator');
    return;
  }
  const proof = Buffer.from(packet.subarray(found, found + DIGEST));
  const asSigned = Buffer.from(packet).fill(0, found, found + DIGEST);
  const digest = createHmac('md5', secret).update(asSigned).digest();
  if (!timingSafeEqual(digest, proof)) {
    throw new RadiusError('The answer has a wrong Message-Authenticator');
  }
}

function attribute(type: number, value: Uint8Array): Uint8Array {
  if (value.length > 253) throw new RadiusError(`Attribute ${type} is too long`);
  return Buffer.concat([Uint8Array.of(type, value.length + 2), value]);
}

/** Section 5.2: each 16 octets are XORed with MD5(secret + the 16 hidden octets before). */
function hidden(passwd: string, secret: string, authenticator: Uint8Array): Uint8Array {
  const plain = Buffer.from(passwd);
  if (plain.length > RADIUS_MAX_PASSWORD) throw new RadiusError('The password is too long');
  const padded = Buffer.alloc(Math.max(1, Math.ceil(plain.length / DIGEST)) * DIGEST);
  padded.set(plain);
  let previous: Uint8Array = authenticator;
  for (let at = 0; at < padded.length; at += DIGEST) {
    const mask = createHash('md5').update(secret).update(previous).digest();
    for (const [i, octet] of mask.entries()) padded[at + i] = (padded[at + i] ?? 0) ^ octet;
    previous = padded.subarray(at, at + DIGEST);
  }
  return padded;
}
