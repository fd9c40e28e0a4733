// Which Debian packages native libraries need, as dpkg-shlibdeps would say it; that one knows only
// the architecture that it runs on.
import { readElf } from './elf.mjs';

/** The package of each soname; the names hold for Debian 12 and 13. */
const PACKAGES = [
  [/^(ld-linux.*|lib(c|m|dl|pthread|rt))\.so\.\d$/, 'libc6'],
  [/^libstdc\+\+\.so\.6$/, 'libstdc++6'],
  [/^libgcc_s\.so\.1$/, 'libgcc-s1'],
  [/^libturbojpeg\.so\.0$/, 'libturbojpeg0'],
];

function packageOf(soname) {
  const found = PACKAGES.find(([pattern]) => pattern.test(soname));
  if (!found)
    throw new Error(`Which package has ${soname}? Add it to scripts/debian/libraries.mjs`);
  return found[1];
}

/** The newest glibc that libraries ask for, e.g. `2.30`. */
function glibcOf(libraries) {
  return libraries
    .flatMap(({ versions }) => versions.map((name) => /^GLIBC_(\d+)\.(\d+)/.exec(name)))
    .filter((found) => found !== null)
    .map(([, major, minor]) => [Number(major), Number(minor)])
    .sort((one, other) => one[0] - other[0] || one[1] - other[1])
    .at(-1)
    ?.join('.');
}

/**
 * The packages for `Depends`, in the order of their names, that these files of ELF need. Throws when
 * one is for another `machine` (e_machine) or needs a library that no known package has.
 */
export function librariesOf(files, machine) {
  const libraries = files.map((bytes) => readElf(bytes));
  const strange = libraries.find((library) => library.machine !== machine);
  if (strange) throw new Error(`A library is for machine ${strange.machine}, not ${machine}`);
  const names = new Set(libraries.flatMap(({ needed }) => needed.map(packageOf)));
  const glibc = glibcOf(libraries);
  return [...names]
    .sort()
    .map((name) => (name === 'libc6' && glibc ? `libc6 (>= ${glibc})` : name));
}
