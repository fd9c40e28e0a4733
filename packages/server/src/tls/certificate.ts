import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { ensureDir, readText, writeFileAtomic } from '../platform/files.ts';

/** A certificate (PEM, chain allowed) and its private key (PEM). */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** The operator's certificate or key cannot be used; the message says which file and why. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** Browsers refuse certificates that are valid for longer than this, in days. */
const VALID_DAYS = 397;
/** A certificate is made anew when it has less than this left. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** An address without brackets and zone; a name in lower case. */
function plainHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .toLowerCase();
}

/** Every name and address under which this host may be reached; `listen` first. */
export function hostNames(listen: string): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const names = [
    listen,
    'localhost',
    hostname(),
    '127.0.0.1',
    '::1',
    ...addresses.map(({ address }) => address),
  ].map(plainHost);
  return [...new Set(names)].filter((name) => name !== '' && name !== '0.0.0.0' && name !== '::');
}

/** Whether a certificate is good for this host and for some time yet. */
function isUsable(pair: TlsPair, host: string, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(pair.cert);
    const from = Date.parse(certificate.validFrom);
    const to = Date.parse(certificate.validTo);
    // A clock that was wrong when the certificate was made leaves it in the future.
    if (nowMs < from || nowMs > to - RENEW_BEFORE_MS) return false;
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return false;
    const name = plainHost(host);
    if (name === '0.0.0.0' || name === '::') return true;
    return (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  } catch {
    return false;
  }
}

async function makePair(listen: string, nowMs: number): Promise<TlsPair> {
  // Loaded only when a certificate is made: it takes 100 ms of every other start.
  const { generate } = await import('selfsigned');
  const names = hostNames(listen);
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Some slack for browsers whose clock is behind ours.
    notBeforeDate: new Date(nowMs - 86_400_000),
    notAfterDate: new Date(nowMs + (VALID_DAYS - 1) * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Where `selfSigned` keeps its pair, absolute when the directory is. */
export function certificateFiles(directory: string): {
  readonly cert: string;
  readonly key: string;
} {
  return { cert: join(directory, 'server.crt'), key: join(directory, 'server.key') };
}

/**
 * The self-signed certificate kept in `directory`, made at the first run and again when it is about
 * to expire, damaged, or not valid for `listen` (the name or address that the server listens on).
 */
export async function selfSigned(
  directory: string,
  listen: string,
  nowMs: number = Date.now(),
): Promise<TlsPair> {
  const paths = certificateFiles(directory);
  const [cert, key] = await Promise.all([readText(paths.cert), readText(paths.key)]);
  if (cert && key && isUsable({ cert, key }, listen, nowMs)) return { cert, key };
  const pair = await makePair(listen, nowMs);
  await ensureDir(directory);
  await writeFileAtomic(paths.key, pair.key, { mode: 0o600 });
  await writeFileAtomic(paths.cert, pair.cert, { mode: 0o644 });
  return pair;
}

async function readPem(path: string, what: string): Promise<string> {
  const text = await readText(path).catch((error: unknown) => {
    throw new CertificateError(`Cannot read the ${what} ${path}: ${String(error)}`, {
      cause: error,
    });
  });
  if (text === undefined) throw new CertificateError(`There is no ${what} at ${path}`);
  return text;
}

function parse<T>(what: string, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new CertificateError(`${path} is not a ${what} in PEM form without a password`, {
      cause: error,
    });
  }
}

/** The operator's own certificate; throws CertificateError when it cannot be used. */
export async function loadPair(certPath: string, keyPath: string): Promise<TlsPair> {
  const cert = await readPem(certPath, 'certificate');
  const key = await readPem(keyPath, 'private key');
  const certificate = parse('certificate', certPath, () => new X509Certificate(cert));
  const privateKey = parse('private key', keyPath, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateError(`The key ${keyPath} does not belong to the certificate ${certPath}`);
  }
  return { cert, key };
}
