import { BerReader, element, integer, LdapError, octets, readHeader, Tag } from './ber.ts';

/**
 * LDAPv3 messages (RFC 4511 section 4), as far as a password and a group need them.
 *
 *     LDAPMessage: SEQUENCE { messageID INTEGER, operation, controls [0] OPTIONAL }
 *     LDAPResult:  resultCode ENUMERATED, matchedDN, diagnosticMessage, and what we need not
 */
const Operation = {
  bindRequest: 0x60,
  bindResponse: 0x61,
  searchRequest: 0x63,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extendedResponse: 0x78,
  intermediateResponse: 0x79,
} as const;

const VERSION = 3;
const SIMPLE = 0x80;
const WHOLE_SUBTREE = 2;
const NEVER_DEREFERENCE = 0;
const FILTER_AND = 0xa0;
const FILTER_EQUALITY = 0xa3;
const FALSE = element(Tag.boolean, Uint8Array.of(0));

/** Result codes (appendix A) that are told by name. */
const RESULT_NAMES: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  7: 'authMethodNotSupported',
  8: 'strongerAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  13: 'confidentialityRequired',
  19: 'constraintViolation',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
  80: 'other',
};
const MAX_DIAGNOSTIC = 200;

/** A request to log in. */
export interface BindRequest {
  /** 1 to 2^31 - 1, other than that of each other message of the connection. */
  readonly id: number;
  /** What the directory takes as a name: a DN, for Active Directory also `user@domain`. */
  readonly name: string;
  readonly passwd: string;
}

/** A simple bind; LdapError without a password, since servers say yes to that (RFC 4513 5.1.2). */
export function encodeBind({ id, name, passwd }: BindRequest): Uint8Array {
  if (passwd === '') throw new LdapError('A bind without a password proves nothing');
  const operation = [integer(VERSION), octets(name), octets(passwd, SIMPLE)];
  return message(id, element(Operation.bindRequest, ...operation));
}

/** A question for entries. */
export interface SearchRequest {
  readonly id: number;
  /** The DN that all of them are below, or are. */
  readonly base: string;
  /** Attributes that an entry must have, with their values. */
  readonly equal: readonly (readonly [attribute: string, value: string])[];
  /** What to tell of each. */
  readonly attribute: string;
  /** For the server, s; 0 = its own limit. */
  readonly timeLimitS: number;
}

/**
 * A search in a subtree. The values are octet strings of their own in it, not a part of a filter's text:
 * no character in them needs escaping (RFC 4515) or could change the question.
 */
export function encodeSearch(search: SearchRequest): Uint8Array {
  const conditions = search.equal.map(([attribute, value]) =>
    element(FILTER_EQUALITY, octets(attribute), octets(value)),
  );
  const operation = [
    octets(search.base),
    integer(WHOLE_SUBTREE, Tag.enumerated),
    integer(NEVER_DEREFERENCE, Tag.enumerated),
    integer(0),
    integer(search.timeLimitS),
    FALSE,
    element(FILTER_AND, ...conditions),
    element(Tag.sequence, octets(search.attribute)),
  ];
  return message(search.id, element(Operation.searchRequest, ...operation));
}

function message(id: number, operation: Uint8Array): Uint8Array {
  return element(Tag.sequence, integer(id), operation);
}

/** How an operation ended. */
export interface LdapResult {
  /** 0 is success. */
  readonly code: number;
  /** The code by name, and what the server says about it. */
  readonly text: string;
}

/** One attribute of an entry. */
export interface LdapAttribute {
  /** In the server's case, perhaps with options behind a `;`. */
  readonly type: string;
  readonly values: readonly string[];
}

/** What a server sends; `notice` is about the connection, `other` means nothing to us. */
export type LdapMessage =
  | { readonly id: number; readonly kind: 'bind' | 'done' | 'notice'; readonly result: LdapResult }
  | { readonly id: number; readonly kind: 'entry'; readonly attributes: readonly LdapAttribute[] }
  | { readonly id: number; readonly kind: 'other' };

/** The octets of the first message; undefined while it is not known. LdapError for what is none. */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length > 0 && bytes[0] !== Tag.sequence) throw new LdapError('The answer is no LDAP');
  return readHeader(bytes)?.to;
}

/** Reads one whole message of a server; LdapError when it is none. */
export function decodeMessage(bytes: Uint8Array): LdapMessage {
  const all = new BerReader(bytes);
  const reader = all.inside(Tag.sequence);
  if (!all.done) throw new LdapError('Octets follow the message');
  const id = reader.integer();
  const { tag, content } = reader.any();
  const operation = new BerReader(content);
  switch (tag) {
    case Operation.bindResponse:
      return { id, kind: 'bind', result: readResult(operation) };
    case Operation.searchDone:
      return { id, kind: 'done', result: readResult(operation) };
    case Operation.extendedResponse:
      return { id, kind: 'notice', result: readResult(operation) };
    case Operation.searchEntry:
      operation.text();
      return { id, kind: 'entry', attributes: readAttributes(operation.inside(Tag.sequence)) };
    case Operation.searchReference:
    case Operation.intermediateResponse:
      return { id, kind: 'other' };
    default:
      throw new LdapError(`The server sends an operation of kind ${tag}`);
  }
}

function readResult(reader: BerReader): LdapResult {
  const code = reader.integer(Tag.enumerated);
  reader.text();
  // Active Directory ends it with NUL.
  const diagnostic = reader.text().replace(/\p{Cc}+/gu, ' ');
  const text = `${RESULT_NAMES[code] ?? `result ${code}`} ${diagnostic.slice(0, MAX_DIAGNOSTIC)}`;
  return { code, text: text.trim() };
}

function readAttributes(reader: BerReader): readonly LdapAttribute[] {
  const attributes: LdapAttribute[] = [];
  while (!reader.done) {
    const attribute = reader.inside(Tag.sequence);
    const type = attribute.text();
    const set = attribute.inside(Tag.set);
    const values: string[] = [];
    while (!set.done) values.push(set.text());
    attributes.push({ type, values });
  }
  return attributes;
}
