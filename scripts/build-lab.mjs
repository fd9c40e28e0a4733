#!/usr/bin/env node
/**
 * Prepares what the lab boots: Debian's kernel with all its modules, an initramfs that puts a
 * machine on top of this host's own files, and the kernel's GPIO simulator, which Debian does not
 * build. Its sources come from Debian's packages and stay below .cache.
 *
 * Prints the path of `lab.json`: {version, release, kernel, initrd, modules, gpio}. A second run does
 * nothing. Needs gcc, make, xz-utils, busybox-static, cpio and what debian-kernel.mjs needs.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianKernel, modulePaths, packInitramfs, run, unpackPackages } from './debian-kernel.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache', 'lab');
const manifest = join(cache, 'lab.json');

/** What the machine needs to reach this host's files; all else it loads from there. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'];

/**
 * This host's files, read-only, with a layer in memory above them. The kernel gives us LAB_INIT of its
 * command line in the environment.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in ${MODULES.join(' ')}; do modprobe $module; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=524288,cache=loose host /host
mount -t tmpfs layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /new
mount --move /proc /new/proc
mount --move /dev /new/dev
exec switch_root /new /bin/sh "$LAB_INIT"
`;

/** What of the kernel's source the simulator is made of; its headers package lacks these. */
const GPIO_SOURCES = ['drivers/gpio/gpio-sim.c', 'drivers/gpio/gpiolib.h', 'kernel/irq/irq_sim.c'];
const KBUILD = 'obj-m := irq_sim.o gpio-sim.o\nccflags-y := -DCONFIG_IRQ_SIM=1\n';
/** Modules may not use `irq_to_desc`, and one without a licence may use nothing. */
const EDITS = [
  's/handle_simple_irq(irq_to_desc(\\(\\w*\\)))/generic_handle_irq(\\1)/',
  '$ a #include <linux/module.h>\\nMODULE_LICENSE("GPL");',
];

/** Fields of Linux's boot protocol (Documentation/x86/boot.rst), and what their sectors have, bytes. */
const BOOT = { setupSectors: 0x1f1, payloadOffset: 0x248, payloadLength: 0x24c, sector: 512 };

/**
 * The kernel out of its xz: QEMU starts it at once by its PVH entry, where an emulated processor takes
 * 4 s to unpack it.
 */
function unpackKernel({ image }, target) {
  const bytes = readFileSync(image);
  const setupBytes = (1 + bytes[BOOT.setupSectors]) * BOOT.sector;
  const start = setupBytes + bytes.readUInt32LE(BOOT.payloadOffset);
  // Its last four bytes tell the size of what is in it.
  const input = bytes.subarray(start, start + bytes.readUInt32LE(BOOT.payloadLength) - 4);
  writeFileSync(target, run('xz', ['-dc'], { input, encoding: 'buffer' }));
}

function buildInitramfs(kernel, target) {
  const image = join(cache, 'initramfs');
  rmSync(image, { recursive: true, force: true });
  for (const path of ['bin', 'proc', 'dev', 'host', 'layer', 'new']) {
    mkdirSync(join(image, path), { recursive: true });
  }
  cpSync('/bin/busybox', join(image, 'bin', 'busybox'));
  for (const path of modulePaths(kernel, MODULES)) {
    const inside = path.slice(kernel.tree.length);
    mkdirSync(dirname(join(image, inside)), { recursive: true });
    cpSync(path, join(image, inside));
  }
  run('/sbin/depmod', ['-b', image, kernel.release], { stdio: 'ignore' });
  writeFileSync(join(image, 'init'), INIT);
  chmodSync(join(image, 'init'), 0o755);
  packInitramfs(image, target);
  rmSync(image, { recursive: true });
}

/** Builds the simulator for exactly this kernel; the paths of its modules in the order of loading. */
function buildGpioSim({ release, version }) {
  const [, series, abi] = /^(\d+\.\d+)(\S*)-amd64$/.exec(release);
  const headers = [`linux-headers-${release}`, `linux-headers-${series}${abi}-common`];
  const exact = headers.map((name) => `${name}=${version}`);
  const tree = join(cache, 'source');
  // While an update is on its way Debian has these two in another revision, which serves as well.
  unpackPackages([...exact, `linux-kbuild-${series}`, `linux-source-${series}`], tree);
  const top = `linux-source-${series}`;
  const work = join(tree, 'gpio');
  mkdirSync(work);
  const names = GPIO_SOURCES.map((path) => `${top}/${path}`);
  const tarball = join(tree, `usr/src/${top}.tar.xz`);
  run('tar', ['-xJf', tarball, '-C', work, '--strip-components=3', ...names]);
  run('sed', ['-i', ...EDITS.flatMap((edit) => ['-e', edit]), join(work, 'irq_sim.c')]);
  writeFileSync(join(work, 'Makefile'), KBUILD);
  // The packages know each other by their places in an installed system.
  const makefile = join(tree, 'usr/src', headers[0], 'Makefile');
  run('sed', ['-i', `s|/usr/src/|${tree}/usr/src/|g`, makefile]);
  run('make', ['-s', '-C', dirname(makefile), `M=${work}`, 'modules'], { stdio: 'pipe' });
  const modules = ['irq_sim.ko', 'gpio-sim.ko'].map((name) => {
    cpSync(join(work, name), join(cache, name));
    return join(cache, name);
  });
  rmSync(tree, { recursive: true });
  return modules;
}

function build() {
  const kernel = debianKernel();
  const script = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  const version = `${kernel.release} ${kernel.version} ${script.digest('hex').slice(0, 12)}`;
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version)
    return;
  mkdirSync(cache, { recursive: true });
  rmSync(manifest, { force: true });
  const initrd = join(cache, 'initrd.gz');
  buildInitramfs(kernel, initrd);
  const vmlinux = join(cache, 'vmlinux');
  unpackKernel(kernel, vmlinux);
  const lab = {
    ...{ version, release: kernel.release, kernel: vmlinux, initrd },
    modules: join(kernel.tree, 'lib/modules'),
    gpio: buildGpioSim(kernel),
  };
  writeFileSync(`${manifest}.new`, `${JSON.stringify(lab, undefined, 2)}\n`);
  renameSync(`${manifest}.new`, manifest);
}

build();
console.log(manifest);
