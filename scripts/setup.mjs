// Sets up what `npm start` and `npm test` need. No dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIdle } from './idle-services.mjs';

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, '.cache');
const OLDEST_NODE = [20, 19];

/** Debian packages that a QEMU machine needs. */
export const START_PACKAGES = [
  'qemu-system-x86',
  'qemu-utils',
  'ipxe',
  'isolinux',
  'syslinux-common',
  'xorriso',
  'xz-utils',
  'zstd',
];

/**
 * What the lab needs: QEMU, a start of Linux, a compiler for one module of it, a board's programs, Bluetooth
 * by software, what mounts linked images and makes flash drives, and a computer with UEFI at its cables.
 */
export const LAB_PACKAGES = [
  'alsa-utils',
  'bluez',
  'bluez-test-tools',
  'busybox-static',
  'cpio',
  'dbus-daemon',
  'dosfstools',
  'edid-decode',
  'fuse3',
  'gcc',
  'gpiod',
  'grub-common',
  'grub-efi-amd64-bin',
  'iproute2',
  'kmod',
  'libc6-dev',
  'libelf1',
  'libnbd-bin',
  'make',
  'mmdebstrap',
  'mtools',
  'ovmf',
  'qemu-system-x86',
  'systemd',
  'tesseract-ocr',
  'udev',
  'usbip',
  'usbredirect',
  'ustreamer',
  'v4l-utils',
  'xorriso',
  'xz-utils',
];

/**
 * What the other tests need: a browser, OCR, nginx, curl, H.264, git, GPIO, layouts, a C compiler, EDIDs,
 * a VNC server with clients of X, a clean Debian, a critic of packages, ARM, servers of files and blocks, a
 * reader of partitions.
 */
const OTHER_TEST_PACKAGES = [
  'chromium',
  'curl',
  'dbus-daemon',
  'edid-decode',
  'fdisk',
  'ffmpeg',
  'freeradius',
  'git',
  'gpiod',
  'libatomic1-armhf-cross',
  'libc6-arm64-cross',
  'libc6-armhf-cross',
  'libc6-dev',
  'libpam-pwdfile',
  'libstdc++6-arm64-cross',
  'libstdc++6-armhf-cross',
  'libx11-data',
  'libxkbcommon-tools',
  'lintian',
  'mmdebstrap',
  'nbdkit',
  'nginx',
  'openssh-server',
  'openssl',
  'pamtester',
  'qemu-user',
  'rclone',
  'samba',
  'slapd',
  'systemd-container',
  'tcc',
  'tigervnc-standalone-server',
  'x11-apps',
  'x11-utils',
  'x11-xserver-utils',
  'x11proto-dev',
  'xkb-data',
  'xterm',
];

/** Debian packages of `npm test`. */
export const TEST_PACKAGES = [
  ...new Set([...START_PACKAGES, ...LAB_PACKAGES, ...OTHER_TEST_PACKAGES]),
];

/** Of node-av, which an operator may install (its licence is to be chosen), what the tests need. */
const NODE_AV = 'node-av@6.1.1';

/** A set-up step that failed; the message tells the operator what to do. */
export class SetupError extends Error {}

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a step quietly; its output is shown when it fails. */
function runQuietly(what, command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const how = result.error?.message ?? (result.signal || `exit code ${result.status}`);
  throw new SetupError(`${what} failed: ${[command, ...args].join(' ')} (${how})`);
}

/** Whether a stamp says that a step was done for exactly this input. */
function isStamped(name, value) {
  try {
    return readFileSync(join(CACHE, name), 'utf8') === value;
  } catch {
    return false;
  }
}

function stamp(name, value) {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, name), value);
}

/** Stops with a clear message when Node is too old. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    `crashcart needs Node ${OLDEST_NODE.join('.')} or newer; this is ${version}.`,
  );
}

/** `npm ci`, when node_modules is missing or the lockfile is another than at the last time. */
function installModules() {
  const lock = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  const value = `${lock.digest('hex')} ${process.versions.modules}\n`;
  if (existsSync(join(ROOT, 'node_modules')) && isStamped('modules', value)) return;
  say('Installing Node modules (npm ci) …');
  runQuietly('Installing Node modules', 'npm', ['ci', '--include=dev', '--include=optional']);
  stamp('modules', value);
}

/** Puts node-av where only tests find it: the product is to be what an operator has. */
export function installNodeAv() {
  if (isStamped('node-av-version', NODE_AV)) return;
  say(`Installing ${NODE_AV} for the tests …`);
  const where = ['--prefix', join(CACHE, 'node-av'), '--ignore-scripts', '--no-save'];
  runQuietly(`Installing ${NODE_AV}`, 'npm', ['install', ...where, NODE_AV]);
  stamp('node-av-version', NODE_AV);
}

/** Which of these Debian packages are not installed. */
export function missingPackages(packages) {
  const result = spawnSync(
    'dpkg-query',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
    ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages],
    { encoding: 'utf8' },
  );
  if (result.error) {
    throw new SetupError(
      `This is no Debian system (no dpkg-query). Install what provides these packages of Debian: ${packages.join(' ')}`,
    );
  }
  const installed = new Set(
    result.stdout.split('\n').flatMap((line) => {
      const [name, status] = line.split(' ');
      return status === 'installed' ? [name] : [];
    }),
  );
  return packages.filter((name) => !installed.has(name));
}

/** How this user gets root rights without being asked; undefined when not at all. */
function rootPrefix() {
  if (process.getuid?.() === 0) return ['env'];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n', 'env'] : undefined;
}

/** Installs missing Debian packages, or stops with the exact command to run. */
function installPackages(packages) {
  const missing = missingPackages(packages);
  if (missing.length === 0) return;
  const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=400'];
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...missing];
  const prefix = rootPrefix();
  if (!prefix) {
    throw new SetupError(
      `These Debian packages are missing: ${missing.join(' ')}\nInstall them, then start again:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}\n`,
    );
  }
  say(`Installing Debian packages: ${missing.join(' ')} …`);
  const [command, ...args] = [...prefix, 'DEBIAN_FRONTEND=noninteractive'];
  runQuietly('Refreshing the package lists', command, [...args, ...apt, 'update']);
  installIdle(missing, prefix, () => {
    runQuietly('Installing Debian packages', command, [...args, ...install]);
  });
  const still = missingPackages(packages);
  if (still.length > 0) throw new SetupError(`Still missing: ${still.join(' ')}`);
}

/** Every file below a path with its size and time, tests and results left out. */
function* describeFiles(path) {
  if (!existsSync(path)) return;
  const stat = statSync(path);
  if (!stat.isDirectory()) {
    if (!/\.test\.tsx?$|\.tsbuildinfo$/.test(path)) yield `${path} ${stat.size} ${stat.mtimeMs}`;
    return;
  }
  for (const name of readdirSync(path).sort()) {
    if (name !== 'node_modules' && name !== 'dist') yield* describeFiles(join(path, name));
  }
}

function sourcesOf(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) for (const line of describeFiles(join(ROOT, path))) hash.update(line);
  return `${hash.digest('hex')}\n`;
}

/** Builds a package with vite when one of its sources changed or its result is missing. */
function buildPackage(what, name, result, ...sources) {
  const hash = sourcesOf('package-lock.json', 'tsconfig.base.json', 'packages/api', ...sources);
  if (isStamped(name, hash) && existsSync(join(ROOT, result))) return;
  say(`Building the ${what} …`);
  runQuietly(`Building the ${what}`, process.execPath, [
    join(ROOT, 'node_modules/vite/bin/vite.js'),
    'build',
    '--logLevel=warn',
    join(ROOT, 'packages', name),
  ]);
  stamp(name, hash);
}

/** Builds the server and the page. */
function build() {
  const server = ['packages/server/src', 'packages/server/vite.config.ts'];
  buildPackage('server', 'server', 'packages/server/bundle/main.js', ...server);
  buildPackage('page', 'web', 'packages/web/dist/index.html', 'packages/web');
}

/**
 * Does what is still to be done, one line on stderr for each step; nothing when all is in place.
 * Throws SetupError, whose message is for the operator.
 */
export function setUp(packages) {
  checkNode();
  if (packages.length > 0) installPackages(packages);
  installModules();
  build();
}

/** Runs a script's body; a SetupError ends it with its message and exit code 1. */
export function orStop(action) {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

/** A path of the checkout. */
export function inRoot(...parts) {
  return join(ROOT, ...parts);
}
