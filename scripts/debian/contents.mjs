// What is in a package: a table of paths, made of the built server and page and of packaging/.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inRoot } from '../setup.mjs';
import { copyright } from './copyright.mjs';
import { debianChangelog, manualPage } from './documents.mjs';

const HOME = 'usr/lib/crashcart';
const DOCS = 'usr/share/doc/crashcart';

const read = (...path) => readFileSync(inRoot(...path));
const text = (...path) => read(...path).toString('utf8');
const gz = (content) => gzipSync(content, { level: 9 });

/** Files of a folder of the checkout, below `target`. */
function folder(source, target, wanted = /./) {
  return readdirSync(inRoot(source), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(inRoot(source), join(entry.parentPath, entry.name)))
    .filter((name) => wanted.test(name))
    .map((name) => [`${target}/${name}`, { content: read(source, name) }]);
}

/** The bundle, which finds its version, the page and its modules by these places. */
function program(version, modules) {
  const main = text('packages/server/bundle/main.js').replace(/^#!.*/, '#!/usr/bin/node');
  const manifest = { name: '@crashcart/server', version, license: 'Apache-2.0', type: 'module' };
  return [
    ...folder('packages/server/bundle', `${HOME}/server/bundle`, /\.js$/),
    [`${HOME}/server/bundle/main.js`, { content: main, mode: 0o755 }],
    [`${HOME}/server/package.json`, { content: `${JSON.stringify(manifest, null, 2)}\n` }],
    ...folder('packages/web/dist', `${HOME}/web/dist`),
    ...modules
      .flatMap(({ files }) => files)
      .map(([path, content]) => [`${HOME}/server/node_modules/${path}`, { content }]),
    ['usr/bin/crashcart', { link: '../lib/crashcart/server/bundle/main.js' }],
  ];
}

function documents(facts, modules) {
  const help = spawnSync(process.execPath, [inRoot('packages/server/bundle/main.js'), 'help'], {
    encoding: 'utf8',
  });
  if (help.status !== 0) throw new Error(`crashcart help failed: ${help.stderr}`);
  const bundled = ['packages/server/bundle', 'packages/web/dist']
    .flatMap((place) => JSON.parse(text(place, 'licenses.json')))
    .map((module) => [`${module.name}@${module.version}`, module]);
  const hasWebrtc = modules.some(({ name }) => name === 'node-datachannel');
  const about = copyright({
    version: facts.version,
    bundled: [...new Map(bundled).values()],
    native: modules.filter(({ name }) => !name.startsWith('@node-datachannel/')),
    extra: hasWebrtc ? [text('packaging/debian/copyright-webrtc')] : [],
    notice: text('packages/server/NOTICE'),
  });
  return [
    [`${DOCS}/copyright`, { content: about }],
    [`${DOCS}/changelog.gz`, { content: gz(debianChangelog(text('CHANGELOG.md'), facts)) }],
    ...folder('docs', `${DOCS}/docs`, /\.md$/),
    ['usr/share/man/man1/crashcart.1.gz', { content: gz(manualPage(help.stdout, facts)) }],
  ];
}

/**
 * The files of a package as a sorted Map from the path to `{ content, mode }` or `{ link }`. `facts` are
 * its `version`, `maintainer` and `date` (s since 1970).
 */
export function contentsOf(facts, modules) {
  const entries = new Map([
    ...program(facts.version, modules),
    ...documents(facts, modules),
    ...folder('packaging/config', 'etc/crashcart'),
    ...folder('packaging/systemd', 'usr/lib/systemd/system'),
    ...folder('packaging/sysusers.d', 'usr/lib/sysusers.d'),
    ...folder('packaging/tmpfiles.d', 'usr/lib/tmpfiles.d'),
    ...folder('packaging/udev', 'usr/lib/udev/rules.d'),
    ...folder('packaging/bluetooth', 'usr/share/crashcart/bluetooth'),
    [
      'usr/share/lintian/overrides/crashcart',
      { content: read('packaging/debian/lintian-overrides') },
    ],
  ]);
  const paths = [...entries.keys()].sort();
  return new Map(
    paths.map((path) => {
      const { content, mode = 0o644, link } = entries.get(path);
      return [path, link === undefined ? { content: Buffer.from(content), mode } : { link }];
    }),
  );
}
