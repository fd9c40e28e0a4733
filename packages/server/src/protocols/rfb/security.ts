import { RfbError } from './limits.ts';

/** Security types (RFC 6143, 7.2, and the registry). */
export const SECURITY = { none: 1, vncAuth: 2, veNCrypt: 19 } as const;

/** How a user proves who he is, once the connection is as secure as it gets. */
export type RfbLogin = 'none' | 'vnc' | 'plain';

/** A subtype of VeNCrypt 0.2. */
export interface VeNCryptType {
  readonly id: number;
  /** `anonymous`: the server shows no certificate. */
  readonly tls: 'anonymous' | 'certificate';
  readonly login: RfbLogin;
}

const VENCRYPT_TYPES: readonly VeNCryptType[] = [
  { id: 262, tls: 'certificate', login: 'plain' },
  { id: 261, tls: 'certificate', login: 'vnc' },
  { id: 260, tls: 'certificate', login: 'none' },
  { id: 259, tls: 'anonymous', login: 'plain' },
  { id: 258, tls: 'anonymous', login: 'vnc' },
  { id: 257, tls: 'anonymous', login: 'none' },
];

/** What we are ready to do. */
export interface RfbSecurity {
  /** `anonymous`: TLS, whoever the server is; `certificate`: one that proves it; never anything less. */
  readonly tls: 'off' | 'anonymous' | 'certificate';
  /** '' where only a password is asked for. */
  readonly user: string;
  /** Undefined: we have none. */
  readonly password: string | undefined;
}

/** The security type to choose; throws when none will do. */
export function chooseSecurity(offered: readonly number[], security: RfbSecurity): number {
  const offers = (type: number) => offered.includes(type);
  if (security.tls !== 'off') {
    if (offers(SECURITY.veNCrypt)) return SECURITY.veNCrypt;
    throw unsupported('The VNC server has no TLS (VeNCrypt). Only tls: off connects without.');
  }
  if (offers(SECURITY.none)) return SECURITY.none;
  if (offers(SECURITY.vncAuth)) {
    if (security.password !== undefined) return SECURITY.vncAuth;
    throw unsupported('The VNC server wants a password: name its file in passwd_file.');
  }
  if (offers(SECURITY.veNCrypt)) {
    throw unsupported('The VNC server wants TLS: set tls to certificate, or to anonymous.');
  }
  const types = offered.join(', ');
  throw unsupported(`The VNC server wants another authentication than VNC's (types ${types}).`);
}

/** The subtype of VeNCrypt to choose; throws when none will do. */
export function chooseVeNCrypt(offered: readonly number[], security: RfbSecurity): VeNCryptType {
  const { tls, user, password } = security;
  const able = VENCRYPT_TYPES.filter(
    (type) =>
      (tls === 'anonymous' || type.tls === 'certificate') &&
      (type.login === 'none' || password !== undefined) &&
      (type.login !== 'plain' || user !== ''),
  );
  const chosen = able.find(({ id }) => offered.includes(id));
  if (chosen) return chosen;
  const known = VENCRYPT_TYPES.filter(({ id }) => offered.includes(id));
  if (
    known.length > 0 &&
    known.every((type) => type.tls === 'anonymous') &&
    tls === 'certificate'
  ) {
    throw unsupported('The VNC server shows no certificate. Only tls: anonymous connects to it.');
  }
  if (known.some(({ login }) => login !== 'none')) {
    const wants = known.every(({ login }) => login === 'plain')
      ? 'a user and a password'
      : 'a password';
    throw unsupported(`The VNC server wants ${wants}: set user and passwd_file.`);
  }
  throw unsupported(`The VNC server wants other ways of TLS than ours (${offered.join(', ')}).`);
}

function unsupported(message: string): RfbError {
  return new RfbError(message, 'unsupported');
}
