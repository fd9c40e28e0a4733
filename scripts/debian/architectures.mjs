// What differs between the architectures of Debian that there is a package for.

const QEMU = 'ipxe, isolinux, qemu-system-x86, qemu-utils, syslinux-common, xorriso';

/** By Debian's name: Node's, e_machine of ELF, and what an operator probably wants besides. */
export const ARCHITECTURES = {
  amd64: { node: 'x64', machine: 62, recommends: QEMU, suggests: 'ustreamer' },
  arm64: { node: 'arm64', machine: 183, recommends: 'ustreamer', suggests: QEMU },
  armhf: { node: 'arm', machine: 40, recommends: 'ustreamer', suggests: QEMU },
};

/** Debian's name of the architecture that this runs on; undefined: there is no package for it. */
export function hostArchitecture() {
  return Object.keys(ARCHITECTURES).find((name) => ARCHITECTURES[name].node === process.arch);
}
