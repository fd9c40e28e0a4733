import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InfoState } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  buildDebs,
  fieldOf,
  machineOf,
  nodeDeb,
  repackDeb,
  unpackDeb,
} from './support/debian-package.ts';
import { DebianSystem } from './support/debian-system.ts';

/** How long what downloads may take on a busy machine with a slow line, ms. */
const DOWNLOADS_MS = 600_000;

/** lintian takes 10 s of an idle processor for each package, ms. */
const LINTIAN_MS = 300_000;

const out = mkdtempSync(join(tmpdir(), 'cc-debs-'));
const debs = new Map<string, string>();

const debOf = (arch: string) => debs.get(arch) ?? '';

beforeAll(() => {
  for (const file of buildDebs(out, 'all')) debs.set(fieldOf(file, 'Architecture'), file);
}, DOWNLOADS_MS);
afterAll(() => rmSync(out, { recursive: true }));

/** e_machine, and whether npm has the WebRTC library for it. */
const ARCHITECTURES = [
  ['amd64', 62, true],
  ['arm64', 183, true],
  ['armhf', 40, false],
] as const;

describe('a Debian package', () => {
  it.each(ARCHITECTURES)(
    'for %s holds libraries of that architecture alone',
    (arch, machine, hasWebrtc) => {
      const { folder, files } = unpackDeb(debOf(arch));
      const machines = files.flatMap((name) => {
        const found = machineOf(join(folder, name));
        return found === undefined ? [] : [[name.replace(/^.*node_modules\//, ''), found] as const];
      });
      const libraries = [/^@koromix\/koffi-linux/, /^@julusian\/jpeg-turbo/];
      if (hasWebrtc) libraries.push(/^@node-datachannel/);
      for (const library of libraries) {
        expect(machines.filter(([name]) => library.test(name))).toHaveLength(1);
      }
      expect(machines).toHaveLength(libraries.length);
      expect(new Set(machines.map(([, found]) => found))).toEqual(new Set([machine]));
      expect(fieldOf(debOf(arch), 'Depends')).toMatch(
        /^nodejs \(>= 20\.19\), .*libc6 \(>= 2\.\d+\), .*libstdc\+\+6, libturbojpeg0$/,
      );
    },
  );

  it('has the same bytes whoever builds it, and when', () => {
    const again = join(out, 'again');
    const [file = ''] = buildDebs(again, 'armhf', { UMASK: '077', TZ: 'Asia/Tokyo', LC_ALL: 'C' });
    expect(readFileSync(file).equals(readFileSync(debOf('armhf')))).toBe(true);
  });

  it('has nothing that lintian calls an error', { timeout: LINTIAN_MS }, () => {
    const { status, stdout } = spawnSync(
      'lintian',
      ['--fail-on', 'error', '--allow-root', '--tag-display-limit', '0', ...debs.values()],
      { encoding: 'utf8' },
    );
    const errors = stdout.split('\n').filter((line) => line.startsWith('E:'));
    expect([status, errors]).toEqual([0, []]);
  });

  it('names in its licences every module that is in it', () => {
    const { folder, files } = unpackDeb(debOf('amd64'));
    const text = readFileSync(join(folder, 'usr/share/doc/crashcart/copyright'), 'utf8');
    const modules = files.flatMap((name) => {
      const found = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(name);
      return found?.[1]?.replace(/^(@node-datachannel)\/.*/, '$1/*') ?? [];
    });
    expect(modules.length).toBeGreaterThan(4);
    for (const name of [...modules, 'fastify', 'preact', 'ws', 'yaml', 'zod']) {
      expect(text).toContain(name);
    }
    const named = [...text.matchAll(/^License: (.+)$/gm)].flatMap(([, names = '']) =>
      names.split(' and '),
    );
    for (const name of new Set(named)) {
      expect(text).toMatch(new RegExp(`^License: ${name}\n `, 'm'));
    }
  });
});

const OLD = '0.0.1';
const SERVICES = ['crashcart-core', 'crashcart-http'] as const;

/** Puts the shell into the cgroup of the core, as a machine of QEMU is, and stays. */
const MACHINE = `group=$(systemctl show -P ControlGroup crashcart-core)
for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e "$root$group/cgroup.procs" ]; then echo $$ >"$root$group/cgroup.procs"; fi
done
echo placed
exec sleep infinity`;

/** Asks for a mount and prints what becomes of it, and of its file when the connection ends. */
const MOUNT = `
import { connect } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
const [socket, file] = process.argv.slice(1);
const connection = connect('/run/crashcart-nbdfuse.sock');
connection.write(socket + '\\n' + file + '\\n');
connection.once('data', (answer) => {
  console.log(String(answer).trim(), existsSync(file) && readFileSync(file).length);
  connection.end();
});
connection.once('close', () => console.log(existsSync(file)));`;

/** systemd of the container needs them, which a chroot may lack. */
const hasControlGroups = ['systemd', 'cgroup.procs', 'cpu'].some((name) =>
  existsSync(`/sys/fs/cgroup/${name}`),
);

/** A container is root's. Each step begins with what the one before left: none can be tried again alone. */
describe
  .runIf(process.getuid?.() === 0 && hasControlGroups)
  .sequential('in a clean Debian', { retry: 0 }, () => {
    let debian: DebianSystem;
    let port = 8443;
    let password = '';
    let machine: ChildProcess;

    beforeAll(async () => {
      debian = await DebianSystem.boot();
      nodeDeb(debian.at('root/nodejs.deb'));
      copyFileSync(debOf('amd64'), debian.at('root/new.deb'));
      repackDeb(debOf('amd64'), debian.at('root/old.deb'), (folder) => {
        const change = (path: string, from: RegExp, to: string) => {
          const file = join(folder, path);
          writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
        };
        change('DEBIAN/control', /^Version: .*$/m, `Version: ${OLD}`);
        change('usr/lib/crashcart/server/package.json', /"version": ".*"/, `"version": "${OLD}"`);
        writeFileSync(join(folder, 'usr/lib/crashcart/server/bundle/gone.js'), '');
        for (const name of ['core', 'http']) {
          appendFileSync(join(folder, `etc/crashcart/${name}.yaml`), '# As it was.\n');
        }
      });
    }, DOWNLOADS_MS);
    afterAll(async () => {
      await debian?.[Symbol.asyncDispose]();
    });

    const install = (name: string) =>
      debian.run(
        ...['apt-get', 'install', '-y', '--no-install-recommends', '-o', 'APT::Sandbox::User=root'],
        ...['-o', 'Dpkg::Options::=--force-confold', `/root/${name}.deb`],
      );
    const text = (path: string) => readFileSync(debian.at(path), 'utf8');
    const stateOf = (...units: readonly string[]) =>
      debian
        .run('systemctl', 'is-active', ...units)
        .output.trim()
        .split('\n');

    /** Asks the server as a browser would; status and body. */
    function ask(path: string, passwd: string): { readonly status: number; readonly body: string } {
      const login = ['-H', 'X-KVMD-User: admin', '-H', `X-KVMD-Passwd: ${passwd}`];
      const url = `https://127.0.0.1:${port}/${path}`;
      const { output } = debian.inNetwork('curl', '-sk', '-w', '\n%{http_code}', ...login, url);
      const end = output.lastIndexOf('\n');
      return { status: Number(output.slice(end + 1)), body: output.slice(0, end) };
    }

    /** The server's version, when it reaches the machines of the other service; neither was restarted. */
    async function versionWhenWhole(): Promise<string> {
      const version = await vi.waitFor(
        () => {
          const { status, body } = ask('api/info', password);
          expect(status).toBe(200);
          const { crashcart } = (JSON.parse(body) as { result: InfoState }).result.system;
          expect(crashcart.machine?.remote).toEqual({ online: true, reason: null });
          return crashcart.version;
        },
        { timeout: 60_000, interval: 200 },
      );
      for (const name of SERVICES) {
        expect(debian.mustRun('systemctl', 'show', '-P', 'NRestarts', name)).toBe('0');
      }
      return version;
    }

    it('is not installed without a Node that is new enough', () => {
      const { status, output } = install('old');
      expect([status, output]).toEqual([
        100,
        expect.stringContaining('Depends: nodejs (>= 20.19)'),
      ]);
    });

    it('is installed with users, directories of theirs, and services that run', () => {
      expect(install('nodejs').status).toBe(0);
      const { status, output } = install('old');
      expect([status, output]).toEqual([0, expect.stringContaining('http/first-password')]);
      const groups = debian.mustRun('id', '-Gn', 'crashcart').split(' ');
      expect(groups.sort()).toEqual([
        ...['audio', 'crashcart', 'dialout', 'gpio', 'kvm', 'spi', 'video'],
      ]);
      expect(debian.mustRun('id', '-Gn', 'crashcart-http')).toBe('crashcart-http');
      const directories = ['core', 'http'].map((name) => `/var/lib/crashcart/${name}`);
      expect(debian.mustRun('stat', '-c', '%n %a %U', ...directories).split('\n')).toEqual([
        '/var/lib/crashcart/core 700 crashcart',
        '/var/lib/crashcart/http 700 crashcart-http',
      ]);
      expect(debian.mustRun('systemctl', 'is-enabled', 'crashcart.target')).toBe('enabled');
      expect(debian.run('systemctl', 'is-enabled', 'crashcart-otg').output.trim()).toBe('disabled');
      expect(stateOf(...SERVICES, 'crashcart-otg')).toEqual(['active', 'active', 'inactive']);
      expect(text('etc/crashcart/http.yaml')).toContain('listen: 127.0.0.1\n');
    });

    it('serves with the first password, the machines in a process of their own', async () => {
      const file = 'var/lib/crashcart/http/first-password';
      password = await vi.waitFor(() => text(file).trim(), { timeout: 60_000, interval: 200 });
      expect(await versionWhenWhole()).toBe(OLD);
      expect(ask('api/info', 'wrong').status).toBe(403);
      expect(ask('', password).body).toContain('<title>');
    });

    it('has units that systemd reads without a complaint', () => {
      const units = readdirSync(debian.at('usr/lib/systemd/system')).filter((name) =>
        name.startsWith('crashcart'),
      );
      expect(units).toHaveLength(7);
      const { status, output } = debian.run('systemd-analyze', 'verify', '--man=no', ...units);
      expect([status, output]).toEqual([0, '']);
    });

    it('mounts a linked image where the server sees it, which may gain no privileges', async () => {
      const state = '/var/lib/crashcart/core';
      const nbdkit = ['nbdkit', '-f', '-U', `${state}/x.sock`, 'pattern', '1M'];
      debian.mustRun('systemd-run', '--unit=source', '-p', 'User=crashcart', ...nbdkit);
      await vi.waitFor(() => debian.mustRun('test', '-S', `${state}/x.sock`), { timeout: 10_000 });
      const core = debian.mustRun('systemctl', 'show', '-P', 'MainPID', 'crashcart-core');
      const user = ['setpriv', '--reuid=crashcart', '--regid=crashcart', '--clear-groups'];
      const as = ['nsenter', '-t', core, '-m', '--', ...user, '--no-new-privs'];
      const node = ['node', '--input-type=module', '-e', MOUNT, '--'];
      const said = debian.run(...as, ...node, `${state}/x.sock`, `${state}/x/image`);
      expect(said).toEqual({ status: 0, output: `mounted ${1 << 20}\nfalse\n` });
      // Nobody else may ask.
      const other = ['setpriv', '--reuid=crashcart-http', '--clear-groups', ...node];
      expect(debian.run(...other, `${state}/x.sock`, `${state}/x/image`).output).toContain(
        'EACCES',
      );
      debian.mustRun('systemctl', 'stop', 'source');
    });

    it('brings the native modules that are optional elsewhere', () => {
      const load = `
      import { createRequire } from 'node:module';
      import { getLibraryVersion } from 'node-datachannel';
      const require = createRequire(process.cwd() + '/');
      const { compressSync } = require('@julusian/jpeg-turbo');
      console.log(typeof require('koffi').load, typeof compressSync, getLibraryVersion());`;
      const node = ['node', '--input-type=module', '-e', load];
      const printed = debian.mustRun('env', '-C', '/usr/lib/crashcart/server', ...node);
      expect(printed).toMatch(/^function function \d+\.\d+/);
    });

    it('keeps at an upgrade what the operator has changed, and the machines', async () => {
      port = 9443;
      const mine = text('etc/crashcart/http.yaml').replace('8443', String(port));
      writeFileSync(debian.at('etc/crashcart/http.yaml'), mine);
      const [command = '', ...args] = debian.command('sh', '-c', MACHINE);
      machine = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      if (machine.stdout) await once(machine.stdout, 'data');
      const { status, output } = install('new');
      expect([status, output]).toEqual([0, expect.not.stringContaining('first-password')]);
      expect(text('etc/crashcart/http.yaml')).toBe(mine);
      expect(text('etc/crashcart/http.yaml.dpkg-dist')).not.toContain('As it was');
      expect(text('etc/crashcart/core.yaml')).not.toContain('As it was');
      expect(existsSync(debian.at('usr/lib/crashcart/server/bundle/gone.js'))).toBe(false);
      expect(await versionWhenWhole()).toBe(fieldOf(debOf('amd64'), 'Version'));
      expect([machine.exitCode, machine.signalCode]).toEqual([null, null]);
    });

    it('can be configured again, and that changes no user and no group', async () => {
      const before = [text('etc/passwd'), text('etc/group')];
      debian.mustRun('/var/lib/dpkg/info/crashcart.postinst', 'configure', OLD);
      expect([text('etc/passwd'), text('etc/group')]).toEqual(before);
      await versionWhenWhole();
    });

    it('is neither enabled nor started by an upgrade when the operator has disabled it', () => {
      debian.mustRun('systemctl', 'disable', '--now', 'crashcart.target');
      debian.mustRun('dpkg', '-i', '/root/new.deb');
      const enabled = debian.run('systemctl', 'is-enabled', 'crashcart.target').output.trim();
      expect([enabled, ...stateOf(...SERVICES)]).toEqual(['disabled', 'inactive', 'inactive']);
      debian.mustRun('systemctl', 'enable', '--now', 'crashcart.target');
    });

    it('leaves configuration and state when it is removed, but nothing that runs', async () => {
      const ended = once(machine, 'exit');
      debian.mustRun('dpkg', '--remove', 'crashcart');
      await ended;
      expect(stateOf(...SERVICES)).toEqual(['inactive', 'inactive']);
      for (const path of ['usr/lib/crashcart', 'usr/bin/crashcart', 'usr/share/doc/crashcart']) {
        expect(existsSync(debian.at(path))).toBe(false);
      }
      expect(text('etc/crashcart/http.yaml')).toContain(`port: ${port}`);
      expect(text('var/lib/crashcart/http/first-password').trim()).toBe(password);
    });

    it('leaves only its users when it is purged', () => {
      writeFileSync(debian.at('etc/crashcart/secret.passwd'), 'x\n');
      debian.mustRun('dpkg', '--purge', 'crashcart');
      expect(debian.mustRun('find', '/', '-xdev', '-name', '*crashcart*')).toBe('');
      expect(debian.mustRun('id', '-un', 'crashcart')).toBe('crashcart');
    });
  });
