import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSigned } from '../../src/tls/certificate.ts';
import { freePort } from './free-port.ts';

const PROGRAM = '/usr/sbin/slapd';

/** Debian's OpenLDAP with what Active Directory's entries of users need, on ports of its own. */
export class Slapd {
  /** ldap: */
  readonly url: string;
  /** ldaps: */
  readonly secureUrl: string;
  /** Who signed the server's certificate, in PEM. */
  readonly ca: string;
  readonly #close: () => Promise<void>;

  private constructor(ports: readonly [number, number], ca: string, close: () => Promise<void>) {
    this.url = `ldap://127.0.0.1:${ports[0]}`;
    this.secureUrl = `ldaps://127.0.0.1:${ports[1]}`;
    this.ca = ca;
    this.#close = close;
  }

  /** Resolves when it listens; rejects with its output when it ends before. */
  static async start(suffix: string, entries: string): Promise<Slapd> {
    const dir = await mkdtemp(join(tmpdir(), 'crashcart-slapd-'));
    const ports = [await freePort(), await freePort()] as const;
    const { cert } = await selfSigned(dir, '127.0.0.1');
    await mkdir(join(dir, 'db'));
    await writeFile(join(dir, 'entries.ldif'), entries);
    await writeFile(join(dir, 'slapd.conf'), configuration(dir, suffix));
    // Debian's AppArmor profile keeps the installed program out of other directories.
    const program = join(dir, 'slapd');
    await copyFile(PROGRAM, program);
    const conf = ['-f', join(dir, 'slapd.conf')];
    const load = ['-T', 'add', ...conf, '-l', join(dir, 'entries.ldif')];
    const loaded = spawnSync(program, load, { encoding: 'utf8' });
    if (loaded.status !== 0) throw new Error(`slapd does not load: ${loaded.stderr}`);
    const urls = `ldap://127.0.0.1:${ports[0]} ldaps://127.0.0.1:${ports[1]}`;
    const child = spawn(program, [...conf, '-h', urls, '-d', 'stats'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const output: string[] = [];
    const closed = once(child, 'close');
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        output.push(line);
        if (line.includes('slapd starting')) resolve();
      });
      closed.then(() => reject(new Error(`slapd ended:\n${output.join('\n')}`)), reject);
    });
    return new Slapd(ports, cert, async () => {
      child.kill('SIGKILL');
      await closed;
      await rm(dir, { recursive: true });
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** Names and numbers of the class and its attribute are Active Directory's. */
function configuration(dir: string, suffix: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user'
  SUP inetOrgPerson STRUCTURAL MAY userPrincipalName )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${dir}/pid
TLSCertificateFile ${dir}/server.crt
TLSCertificateKeyFile ${dir}/server.key
database mdb
directory ${dir}/db
suffix "${suffix}"
overlay memberof
access to attrs=userPassword by anonymous auth
access to * by users read
`;
}
