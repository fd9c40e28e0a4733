// The optional native modules of the server, as npm has them: none is compiled here, so a package for
// one architecture can be made on any other.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { inRoot, ROOT, SetupError } from '../setup.mjs';

const CACHE = inRoot('.cache/npm');
const LOCKED = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;

/**
 * The modules that run, by Node's name of an architecture, and which of their files do. What npm has no
 * library of is left out: WebRTC (node-datachannel) on 32-bit ARM.
 */
function modulesOf(arch) {
  const modules = [
    ['koffi', /^(package\.json|index\.cjs|src\/koffi\/(index|src\/static)\.cjs)$/],
    [`@koromix/koffi-linux-${arch}`, /^(package\.json|index\.js|linux_\w+\/koffi\.node)$/],
    // Without its own copy of libturbojpeg, which would get no updates: Debian has it.
    ['@julusian/jpeg-turbo', jpegFiles(arch)],
    ['pkg-prebuilds', /^(package\.json|bindings\.js|lib\/.*\.js)$/],
  ];
  const webrtc = `@node-datachannel/linux-${arch}-gnu`;
  if (!LOCKED[`node_modules/${webrtc}`]) return modules;
  return [
    ...modules,
    ['node-datachannel', /^(package\.json|dist\/esm\/lib\/.*\.mjs)$/],
    [webrtc, /^(package\.json|.*\.node)$/],
    ['detect-libc', /^(package\.json|lib\/.*\.js)$/],
  ];
}

function jpegFiles(arch) {
  const library = `prebuilds/jpeg-turbo-linux-${arch}/.*\\.node`;
  return new RegExp(`^(package\\.json|index\\.js|binding-options\\.js|${library})$`);
}

/** Gets a module that is not installed, since it is for another architecture. Checks it by the lockfile. */
function fetchModule(name) {
  const { version, integrity } = LOCKED[`node_modules/${name}`];
  const place = join(CACHE, `${name.replace('/', '+')}-${version}`);
  if (existsSync(place)) return place;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  try {
    run('npm', ['pack', '--silent', '--pack-destination', work, `${name}@${version}`]);
    const [tarball] = readdirSync(work);
    const hash = createHash('sha512')
      .update(readFileSync(join(work, tarball)))
      .digest('base64');
    if (integrity !== `sha512-${hash}`) {
      throw new SetupError(`${name}@${version} is not what package-lock.json names.`);
    }
    run('tar', ['-xzf', join(work, tarball), '-C', work]);
    renameSync(join(work, 'package'), place);
  } finally {
    rmSync(work, { recursive: true });
  }
  return place;
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (result.status === 0) return;
  const how = result.error?.message ?? `exit code ${result.status}`;
  throw new SetupError(`${result.stderr ?? ''}${command} ${args.join(' ')} failed (${how})`);
}

/** The text of the licence; what npm has for one architecture only is part of a module that has it. */
function licenceIn(folder, names) {
  const found = names.find((path) => /^licen[cs]e/i.test(path));
  const path = found ? join(folder, found) : inRoot('node_modules/koffi/LICENSE.txt');
  return readFileSync(path, 'utf8');
}

/**
 * The modules for an architecture of Node: `name`, `version`, `identifier` and `text` of its licence, and
 * `files` as pairs of a path below node_modules and its bytes. Throws SetupError when one cannot be had.
 */
export function nativeModules(arch) {
  return modulesOf(arch).map(([name, wanted]) => {
    const installed = inRoot('node_modules', name);
    const folder = existsSync(installed) ? installed : fetchModule(name);
    const names = readdirSync(folder, { recursive: true }).sort();
    const files = names
      .filter((path) => wanted.test(path))
      .map((path) => [join(name, path), readFileSync(join(folder, path))]);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { name, version, identifier: license, text: licenceIn(folder, names), files };
  });
}
