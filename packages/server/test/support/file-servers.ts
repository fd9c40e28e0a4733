import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startedProgram, untilListening } from './server-program.ts';

/** A file server of a test. */
export interface FileServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * OpenSSH on loopback, which lets root in by the key `.ssh/id_ed25519` of the folder; its own key is
 * in the folder, too.
 */
export async function startSshd(
  folder: string,
  given?: number,
): Promise<FileServer & { makeKnown(): void }> {
  const port = given ?? (await freePort());
  const ssh = join(folder, '.ssh');
  mkdirSync(ssh, { recursive: true, mode: 0o700 });
  mkdirSync('/run/sshd', { recursive: true });
  const ours = join(ssh, 'id_ed25519');
  const host = join(ssh, 'host_key');
  for (const key of [ours, host]) {
    if (existsSync(key)) continue;
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  }
  const config = join(ssh, 'sshd_config');
  const settings = {
    ...{ Port: port, ListenAddress: '127.0.0.1', HostKey: host, PidFile: 'none' },
    ...{ AuthorizedKeysFile: `${ours}.pub`, StrictModes: 'no', UsePAM: 'no' },
    ...{ PermitRootLogin: 'yes', Subsystem: 'sftp internal-sftp' },
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(config, lines.join(''));
  const program = await startedProgram(['/usr/sbin/sshd', '-D', '-e', '-f', config], () =>
    untilListening({ port }),
  );
  return {
    port,
    makeKnown() {
      const key = readFileSync(`${host}.pub`, 'utf8');
      writeFileSync(join(ssh, 'known_hosts'), `[127.0.0.1]:${port} ${key}`);
    },
    [Symbol.asyncDispose]: () => program.end(),
  };
}

/** Samba on loopback, which shares the folder as `share` with one user of this system. */
export async function startSamba(
  folder: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<FileServer> {
  const port = await freePort();
  const own = join(folder, 'samba');
  mkdirSync(own);
  const config = join(own, 'smb.conf');
  const places = ['private', 'lock', 'state', 'cache', 'pid'].map(
    (name) => `${name} ${name === 'private' ? 'dir' : 'directory'} = ${own}\n`,
  );
  writeFileSync(
    config,
    `[global]
server role = standalone server
smb ports = ${port}
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
load printers = no
log file = ${own}/log
ncalrpc dir = ${own}/ncalrpc
${places.join('')}[share]
path = ${folder}
read only = yes
valid users = ${user}
`,
  );
  const add = ['-s', config, '-a', '-t', '-u', user];
  execFileSync('pdbedit', add, { input: `${password}\n${password}\n`, stdio: 'pipe' });
  const smbd = ['smbd', '--foreground', '--no-process-group', '-s', config];
  const program = await startedProgram(smbd, () => untilListening({ port }));
  return { port, [Symbol.asyncDispose]: () => program.end() };
}
