// The file `copyright` of the package, in Debian's machine-readable form (DEP-5).

const FORMAT = 'https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

/** Licences that every Debian system has the text of. */
const COMMON = ['Apache-2.0', 'MPL-2.0'];
const HOLDER = /^\s*Copyright(?: \([cC]\)| ©)?\s+(?=[\d"A-Z])(.*?)\s*$/;

/** The lines of a licence that name the holders, and the rest as one text. */
function splitLicence({ name, text = '' }) {
  const lines = text.replaceAll('\r', '').split('\n');
  const holders = lines.flatMap((line) => HOLDER.exec(line)?.[1] ?? []);
  const body = lines
    .filter((line) => !HOLDER.test(line))
    .join('\n')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  return { holders: holders.length > 0 ? holders : [`the authors of ${name}`], body };
}

/** A text as the continuation of a field. */
function field(text) {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line}`))
    .join('\n');
}

/** Gives each wording of a licence a name of its own: MIT, MIT~2, … */
class Licences {
  #texts = new Map();

  /** The name of this wording; of the first one for a module that brings none. */
  nameOf(identifier, body) {
    const short = identifier.replaceAll(' ', '-');
    if (COMMON.includes(short)) {
      this.#texts.set(
        short,
        `The text is in /usr/share/common-licenses/${short} on Debian systems.`,
      );
      return short;
    }
    if (body === '' && this.#texts.has(short)) return short;
    if (body === '') throw new Error(`There is no text of ${identifier}`);
    const words = (text) => text.replaceAll(/\s+/g, ' ');
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? short : `${short}~${count}`;
      const known = this.#texts.get(name);
      if (known !== undefined && words(known) !== words(body)) continue;
      this.#texts.set(name, known ?? body);
      return name;
    }
  }

  /** Their paragraphs. */
  paragraphs() {
    return [...this.#texts].map(([name, text]) => `License: ${name}\n${field(text)}`);
  }
}

/** A module as a part of files, with its holders and the name of its licence. */
function partOf(module, licences) {
  const { holders, body } = splitLicence(module);
  return { ...module, holders, licence: licences.nameOf(module.identifier, body) };
}

function filesParagraph(files, parts) {
  const licences = [...new Set(parts.map(({ licence }) => licence))].sort();
  const holders = parts.flatMap(({ name, holders }) => holders.map((text) => `${text} (${name})`));
  const list = parts.map(({ name, version, licence }) => `${name} ${version} (${licence})`);
  return `Files: ${files}
Copyright: ${[...new Set(holders)].join('\n ')}
License: ${licences.join(' and ')}
Comment: ${list.join(',\n ')}`;
}

/**
 * The whole file. `bundled` modules are parts of our own files, beside ours and the keyboard layouts with
 * their `notice`; `native` ones have folders of their own; `extra` are paragraphs as they are.
 */
export function copyright({ version, bundled, native, extra, notice }) {
  const licences = new Licences();
  const holders = ['see the text of the licence'];
  const own = [
    partOf({ name: 'crashcart', version, identifier: 'Apache-2.0' }, licences),
    { name: 'layouts', version, holders, licence: licences.nameOf('keyboard-layouts', notice) },
    ...bundled.map((module) => partOf(module, licences)),
  ];
  const paragraphs = [
    `Format: ${FORMAT}\nUpstream-Name: crashcart`,
    'Files: *\nCopyright: the authors of crashcart\nLicense: Apache-2.0',
    filesParagraph('usr/lib/crashcart/server/bundle/* usr/lib/crashcart/web/*', own),
    ...native.map((module) =>
      filesParagraph(`usr/lib/crashcart/server/node_modules/${module.name}/*`, [
        partOf(module, licences),
      ]),
    ),
    ...extra,
    ...licences.paragraphs(),
  ];
  return `${paragraphs.map((paragraph) => paragraph.trim()).join('\n\n')}\n`;
}
