// `npm run package`: Debian packages of the server, one for each architecture, without root and on any
// of them: `npm run package -- [--arch amd64|arm64|armhf|all] [--out DIR]`. Prints their paths.
// SOURCE_DATE_EPOCH is the time of everything in them (the last commit's), DEBFULLNAME and DEBEMAIL name
// who answers for them; with the same ones the same bytes come out.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, hostArchitecture } from './debian/architectures.mjs';
import { contentsOf } from './debian/contents.mjs';
import { installedSize, writeDeb } from './debian/deb.mjs';
import { debianVersion } from './debian/documents.mjs';
import { isElf } from './debian/elf.mjs';
import { librariesOf } from './debian/libraries.mjs';
import { nativeModules } from './debian/native-modules.mjs';
import { inRoot, orStop, ROOT, SetupError, setUp } from './setup.mjs';

const SCRIPTS = ['postinst', 'prerm', 'postrm'];

/** What the command line asks for. */
function options() {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string' },
      out: { type: 'string', default: inRoot('.cache/packages') },
    },
  });
  const known = Object.keys(ARCHITECTURES);
  const arch = values.arch ?? hostArchitecture();
  const architectures = arch === 'all' ? known : known.filter((name) => name === arch);
  if (architectures.length === 0) {
    throw new SetupError(
      `--arch takes ${[...known, 'all'].join(', ')}, not ${arch ?? process.arch}`,
    );
  }
  return { architectures, out: resolve(values.out) };
}

/** When the sources were made, s since 1970. */
function sourceDate() {
  const given = process.env.SOURCE_DATE_EPOCH;
  const git = ['log', '-1', '--format=%ct'];
  const date = given ?? spawnSync('git', git, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim();
  if (/^\d{1,11}$/.test(date ?? '')) return Number(date);
  throw new SetupError('Set SOURCE_DATE_EPOCH to the seconds since 1970 of these sources.');
}

/** The text of packaging/debian/control with its blanks filled in. */
function controlText(values) {
  const template = readFileSync(inRoot('packaging/debian/control'), 'utf8');
  return template.replaceAll(/@(\w+)@/g, (_, name) => values[name]);
}

function build(arch, out, date) {
  const { node, machine, recommends, suggests } = ARCHITECTURES[arch];
  const modules = nativeModules(node);
  const version = debianVersion(JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).version);
  const name = process.env.DEBFULLNAME ?? 'crashcart';
  const maintainer = `${name} <${process.env.DEBEMAIL ?? 'maintainers@crashcart.invalid'}>`;
  const contents = contentsOf({ version, maintainer, date }, modules);
  const binaries = [...contents.values()].flatMap(({ content }) =>
    content && isElf(content) ? [content] : [],
  );
  const text = controlText({
    VERSION: version,
    ARCHITECTURE: arch,
    MAINTAINER: maintainer,
    INSTALLED_SIZE: String(installedSize(contents)),
    LIBRARIES: librariesOf(binaries, machine).join(', '),
    RECOMMENDS: recommends,
    SUGGESTS: suggests,
  });
  const control = new Map([['control', { content: text, mode: 0o644 }]]);
  for (const script of SCRIPTS) {
    const content = readFileSync(inRoot('packaging/debian', script));
    control.set(script, { content, mode: 0o755 });
  }
  const file = join(out, `crashcart_${version}_${arch}.deb`);
  writeDeb(file, { control, contents, date });
  process.stdout.write(`${file}\n`);
}

orStop(() => {
  const { architectures, out } = options();
  const date = sourceDate();
  setUp([]);
  for (const arch of architectures) build(arch, out, date);
});
