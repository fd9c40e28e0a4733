import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../../../scripts/package.mjs', import.meta.url));

/** Builds our packages for an architecture, or for `all` of them, into a folder; their files. */
export function buildDebs(
  directory: string,
  arch: string,
  env: Readonly<Record<string, string>> = {},
): readonly string[] {
  const command = `umask ${env.UMASK ?? '022'}; exec "$0" "$@"`;
  const argv = [process.execPath, BUILD, '--arch', arch, '--out', directory];
  const printed = execFileSync('sh', ['-c', command, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return printed.trim().split('\n');
}

/** Changes a package as `edit` does, in a folder with its files and DEBIAN/; writes another one. */
export function repackDeb(deb: string, target: string, edit: (folder: string) => void): void {
  const folder = `${target}.d`;
  execFileSync('dpkg-deb', ['-R', deb, folder]);
  edit(folder);
  packFolder(folder, target);
}

/** A package `nodejs` with the Node that runs this: Debian 12 has an older one. */
export function nodeDeb(target: string): void {
  const folder = `${target}.d`;
  mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
  mkdirSync(join(folder, 'usr/bin'), { recursive: true });
  copyFileSync(process.execPath, join(folder, 'usr/bin/node'));
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' });
  const control = `Package: nodejs
Version: ${process.versions.node}
Architecture: ${architecture.trim()}
Maintainer: tests <root@localhost>
Depends: libc6, libstdc++6
Description: the Node of these tests
`;
  writeFileSync(join(folder, 'DEBIAN/control'), control);
  packFolder(folder, target);
}

function packFolder(folder: string, target: string): void {
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', folder, target]);
  rmSync(folder, { recursive: true });
}

/** The fields of its control file. */
export function fieldOf(deb: string, name: string): string {
  return execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();
}

/** Unpacks its files into a new folder beside it; their paths below that, sorted. */
export function unpackDeb(deb: string): {
  readonly folder: string;
  readonly files: readonly string[];
} {
  const folder = join(dirname(deb), `${fieldOf(deb, 'Architecture')}-files`);
  execFileSync('dpkg-deb', ['-x', deb, folder]);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return { folder, files: files.sort() };
}

/** `e_machine` of a file of ELF; undefined for others. */
export function machineOf(file: string): number | undefined {
  const bytes = readFileSync(file);
  return bytes.toString('latin1', 0, 4) === '\x7fELF' ? bytes.readUInt16LE(18) : undefined;
}
