import { readText } from '../../platform/files.ts';
import type { SocketTrust } from '../../platform/tcp-socket.ts';
import type { RfbSecurity } from '../../protocols/rfb/security.ts';

/** Where a VNC server is and what it is told. */
export interface VncServer {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  /** '' where only a password is asked for. */
  readonly user: string;
  readonly passwd: string;
  /** A file with the password in its first line; '' = `passwd` counts. Read at each connection. */
  readonly passwdFile: string;
  /** `auto`: `certificate`, but `off` for this host unless it is told whom to trust. */
  readonly tls: 'auto' | 'off' | 'anonymous' | 'certificate';
  /** A file of certificates in PEM instead of the authorities that Node knows; '' = none. */
  readonly caFile: string;
  /** SHA-256 of the server's certificate, which alone counts then. */
  readonly fingerprint: Uint8Array | undefined;
  /** Whether other viewers of the server stay. */
  readonly shared: boolean;
  /** Whether the picture must not come as JPEG. */
  readonly lossless: boolean;
}

/** `host:port` for a person; an IPv6 address has brackets. */
export function placeOf({ host, port }: VncServer): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether nothing that is said to it leaves this host. */
export function isLocal({ host }: VncServer): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** What may be told to it. Throws when the password's file cannot be read. */
export async function securityFor(server: VncServer): Promise<RfbSecurity> {
  const { tls, user, passwd, passwdFile, caFile, fingerprint } = server;
  const isNamed = caFile !== '' || fingerprint !== undefined;
  const auto = isLocal(server) && !isNamed ? 'off' : 'certificate';
  const given = passwdFile === '' ? passwd : firstLine(await textOf(passwdFile));
  return { tls: tls === 'auto' ? auto : tls, user, password: given === '' ? undefined : given };
}

/** Whom TLS of this kind trusts. Throws when the authorities' file cannot be read. */
export async function trustFor(
  { tls, caFile, fingerprint }: VncServer,
  kind: 'anonymous' | 'certificate',
): Promise<SocketTrust> {
  if (tls === 'anonymous') return { kind: 'anybody', certificate: kind === 'certificate' };
  if (fingerprint) return { kind: 'pinned', fingerprint };
  return { kind: 'authorities', ...(caFile === '' ? {} : { ca: await textOf(caFile) }) };
}

async function textOf(path: string): Promise<string> {
  const text = await readText(path);
  if (text === undefined) throw new Error(`There is no file ${path}.`);
  return text;
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}
