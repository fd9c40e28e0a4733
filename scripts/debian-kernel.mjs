// Debian's kernel for tests: downloaded and unpacked below .cache, never installed nor kept in the
// repository. Needs apt-get, dpkg and kmod.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../.cache/kernel', import.meta.url));
const METAPACKAGE = 'linux-image-amd64';

/** Runs a program; its output. What it complains about is shown. */
export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 256 << 20, ...options });
}

/** The kernel that Debian has now: {name, release, version}; asks only apt's own lists. */
function kernelPackage() {
  const found = /Depends: (linux-image-(\S+))/.exec(run('apt-cache', ['depends', METAPACKAGE]));
  if (!found) throw new Error(`apt does not know ${METAPACKAGE}: run apt-get update first`);
  const [, name, release] = found;
  const shown = run('apt-cache', ['show', '--no-all-versions', name]);
  return { name, release, version: /^Version: (\S+)/m.exec(shown)?.[1] ?? '' };
}

/** Unpacks packages of these names into a directory, which is made anew; whole, or it throws. */
export function unpackPackages(specs, into) {
  const download = `${into}.download`;
  for (const path of [download, into]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
  }
  for (const spec of specs) {
    run('apt-get', ['download', '-q', spec], {
      cwd: download,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [deb] = run('find', [download, '-name', '*.deb']).split('\n');
    if (!deb) throw new Error(`apt-get download ${spec} brought nothing`);
    run('dpkg', ['-x', deb, into]);
    rmSync(deb);
  }
  rmSync(download, { recursive: true });
}

/**
 * The unpacked kernel: {release, version, tree, image}; `modprobe -d tree` finds its modules. A
 * second call downloads nothing.
 */
export function debianKernel() {
  const { name, release, version } = kernelPackage();
  const tree = join(CACHE, 'tree');
  const stamp = join(CACHE, 'version');
  const kernel = { release, version, tree, image: join(tree, 'boot', `vmlinuz-${release}`) };
  const wanted = `${name} ${version}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return kernel;
  rmSync(stamp, { force: true });
  const unpacked = `${tree}.new`;
  unpackPackages([name], unpacked);
  run('/sbin/depmod', ['-b', unpacked, release], { stdio: 'ignore' });
  rmSync(tree, { recursive: true, force: true });
  renameSync(unpacked, tree);
  writeFileSync(stamp, wanted);
  return kernel;
}

/** Paths of these modules and of all that they need, in the order of loading. */
export function modulePaths({ tree, release }, names) {
  const paths = new Set();
  for (const name of names) {
    const args = ['-d', tree, '-S', release, '--show-depends', name];
    for (const line of run('/sbin/modprobe', args).split('\n')) {
      const path = /^insmod (\S+)/.exec(line)?.[1];
      if (path) paths.add(path);
    }
  }
  return paths;
}

/** Packs a folder into a compressed archive that Linux unpacks at its start. */
export function packInitramfs(folder, target) {
  const input = run('find', ['.'], { cwd: folder, encoding: 'buffer' });
  const options = { cwd: folder, input, encoding: 'buffer' };
  const archive = run('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], options);
  writeFileSync(target, run('gzip', ['-1'], { input: archive, encoding: 'buffer' }));
}
