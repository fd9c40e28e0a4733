// Debian starts what it installs. A developer's computer must not serve files or logins because a test
// wants the program of a server.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian asks whether a service may be started (invoke-rc.d(8)), and the answer: by nobody. */
const POLICY = '/usr/sbin/policy-rc.d';
const DENY = '#!/bin/sh\nexit 101\n';

/** The services of packages that tests need. */
const SERVICES = {
  bluez: ['bluetooth'],
  freeradius: ['freeradius'],
  nginx: ['nginx'],
  'openssh-server': ['ssh'],
  samba: ['nmbd', 'samba-ad-dc', 'smbd'],
  slapd: ['slapd'],
};

/**
 * Installs by `install()`, with nothing of `packages` started then, nor at the next start of the computer.
 * `root` are the words before a command that needs root.
 */
export function installIdle(packages, [command, ...words], install) {
  const run = (...argv) => spawnSync(command, [...words, ...argv], { stdio: 'ignore' });
  const directory = mkdtempSync(join(tmpdir(), 'policy-'));
  const isOurs = !existsSync(POLICY);
  try {
    writeFileSync(join(directory, 'deny'), DENY);
    if (isOurs) run('install', '-m', '755', join(directory, 'deny'), POLICY);
    install();
  } finally {
    if (isOurs) run('rm', '-f', POLICY);
    rmSync(directory, { recursive: true });
  }
  const services = packages.flatMap((name) => SERVICES[name] ?? []);
  if (existsSync('/run/systemd/system') && services.length > 0) {
    run('systemctl', 'disable', ...services);
  }
}
