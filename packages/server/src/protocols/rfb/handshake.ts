import { RFB_LIMITS, RfbError } from './limits.ts';
import { type Reading, viewOf, waitFor } from './reader.ts';
import {
  chooseSecurity,
  chooseVeNCrypt,
  type RfbLogin,
  type RfbSecurity,
  SECURITY,
} from './security.ts';
import { vncAuthAnswer } from './vnc-auth.ts';

/** What the handshake asks of its connection. */
export interface HandshakePort {
  send(bytes: Uint8Array): void;
  /** All that follows, both ways, goes through TLS; rejects when the server is not trusted. */
  secure(kind: 'anonymous' | 'certificate'): Promise<void>;
}

/** What the server says of its screen. */
export interface ServerInit {
  /** px. */
  readonly width: number;
  readonly height: number;
  readonly name: string;
}

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The handshake (RFC 6143, 7.1 to 7.3) with a server of RFB 3.3, 3.7 or 3.8: version, security,
 * who we are, and the screen, whose pixel format is not read since ours is set. `shared`: other
 * viewers of the server stay.
 */
export function* readHandshake(
  port: HandshakePort,
  security: RfbSecurity,
  shared: boolean,
): Reading<ServerInit> {
  const minor = yield* readVersion(port);
  const type = yield* readSecurityType(port, minor, security);
  let login: RfbLogin = type === SECURITY.vncAuth ? 'vnc' : 'none';
  if (type === SECURITY.veNCrypt) login = yield* readVeNCrypt(port, security);
  yield* readLogin(port, login, security);
  // Before 3.8 nothing follows where nothing was asked.
  if (minor >= 8 || type !== SECURITY.none) yield* readResult(minor, login);
  port.send(Uint8Array.of(shared ? 1 : 0));
  return yield* readServerInit();
}

/** Versions in between count as the lower one, later ones as 3.8. */
function* readVersion(port: HandshakePort): Reading<3 | 7 | 8> {
  const match = /^RFB (\d{3})\.(\d{3})\n$/.exec(latin1.decode(yield 12));
  if (!match) throw new RfbError('The other side does not speak RFB', 'unsupported');
  const version = Number(match[1]) * 1000 + Number(match[2]);
  if (version < 3003) {
    throw new RfbError('The VNC server speaks an RFB before 3.3', 'unsupported');
  }
  const minor = version >= 3008 ? 8 : version === 3007 ? 7 : 3;
  port.send(encoder.encode(`RFB 003.00${minor}\n`));
  return minor;
}

/** 3.3: `type: u32`, the server's choice. Later: `count: u8 | type: u8 *`, and ours is sent. */
function* readSecurityType(
  port: HandshakePort,
  minor: number,
  security: RfbSecurity,
): Reading<number> {
  if (minor === 3) {
    const type = viewOf(yield 4).getUint32(0);
    if (type === 0) yield* readRefusal('The VNC server refused the connection');
    return chooseSecurity([type], security);
  }
  const [count = 0] = yield 1;
  if (count === 0) yield* readRefusal('The VNC server refused the connection');
  const type = chooseSecurity([...(yield count)], security);
  port.send(Uint8Array.of(type));
  return type;
}

/**
 * VeNCrypt 0.2, the server's lines with `<`:
 *
 *     < 00 02 | > 00 02 | < 00 = well | < count: u8, subtype: u32 * | > subtype: u32 | < 01 = well
 */
function* readVeNCrypt(port: HandshakePort, security: RfbSecurity): Reading<RfbLogin> {
  const [major = 0, minor = 0] = yield 2;
  if (major === 0 && minor < 2) {
    throw new RfbError(
      `The VNC server's TLS is VeNCrypt ${major}.${minor}, not 0.2`,
      'unsupported',
    );
  }
  port.send(Uint8Array.of(0, 2));
  const [refused] = yield 1;
  if (refused !== 0) throw new RfbError('The VNC server refused VeNCrypt 0.2', 'refused');
  const [count = 0] = yield 1;
  const list = viewOf(yield count * 4);
  const offered = Array.from({ length: count }, (_, index) => list.getUint32(index * 4));
  const { id, tls, login } = chooseVeNCrypt(offered, security);
  const choice = new Uint8Array(4);
  viewOf(choice).setUint32(0, id);
  port.send(choice);
  const [ready] = yield 1;
  if (ready !== 1) throw new RfbError('The VNC server refused to begin TLS', 'refused');
  yield* secured(port, tls);
  return login;
}

function* secured(port: HandshakePort, kind: 'anonymous' | 'certificate'): Reading {
  try {
    // What came before TLS could be anybody's: it must not be taken for what came through it.
    yield* waitFor(port.secure(kind), true);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RfbError(`TLS with the VNC server failed: ${why}`, 'refused', { cause });
  }
}

/** VNC: `< 16 bytes | > 16 bytes`. Plain: `> length length: u32 | user | password`. */
function* readLogin(port: HandshakePort, login: RfbLogin, security: RfbSecurity): Reading {
  if (login === 'none') return;
  const password = security.password ?? '';
  if (login === 'vnc') {
    port.send(vncAuthAnswer(password, yield 16));
    return;
  }
  const [user, secret] = [encoder.encode(security.user), encoder.encode(password)];
  const message = new Uint8Array(8 + user.length + secret.length);
  viewOf(message).setUint32(0, user.length);
  viewOf(message).setUint32(4, secret.length);
  message.set(user, 8);
  message.set(secret, 8 + user.length);
  port.send(message);
}

function* readResult(minor: number, login: RfbLogin): Reading {
  if (viewOf(yield 4).getUint32(0) === 0) return;
  const what =
    login === 'none'
      ? 'The VNC server refused the connection'
      : 'The VNC server did not accept the password';
  if (minor < 8) throw new RfbError(`${what}.`, 'refused');
  yield* readRefusal(what);
}

/** `length: u32 | reason`. */
function* readRefusal(what: string): Reading {
  const length = viewOf(yield 4).getUint32(0);
  if (length === 0 || length > RFB_LIMITS.reasonBytes) throw new RfbError(`${what}.`, 'refused');
  throw new RfbError(`${what}: ${utf8.decode(yield length)}`, 'refused');
}

/** `width height: u16 | pixel format * 16 | length: u32 | name`. */
function* readServerInit(): Reading<ServerInit> {
  const view = viewOf(yield 24);
  const [width, height, length] = [view.getUint16(0), view.getUint16(2), view.getUint32(20)];
  if (length > RFB_LIMITS.nameBytes) throw new RfbError('The desktop name is too long');
  return { width, height, name: utf8.decode(yield length) };
}
