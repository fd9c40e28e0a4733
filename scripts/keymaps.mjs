#!/usr/bin/env node
/**
 * Makes the keyboard layouts of packages/server/src/protocols/keymaps/ from Debian's xkb-data (the
 * layouts) and libx11-data (what dead keys make of a letter):
 *
 *     node scripts/keymaps.mjs            # writes them
 *     node scripts/keymaps.mjs --check    # exit code 1 when one is another than would be written
 *
 * Needs the packages xkb-data, libx11-data, libxkbcommon-tools (it resolves the layouts' includes)
 * and x11proto-dev (the names of keysyms).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOCALES = '/usr/share/X11/locale';
const KEYSYMS = '/usr/include/X11/keysymdef.h';
const TARGET = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  'packages/server/src/protocols/keymaps',
);

/** PiKVM's name of each layout: the one of xkb-data, and the locale where it has its own Compose. */
export const LAYOUTS = {
  ar: ['ara'],
  bepo: ['fr(bepo)'],
  cz: ['cz', 'cs_CZ'],
  da: ['dk'],
  de: ['de'],
  'de-ch': ['ch'],
  'en-gb': ['gb'],
  'en-us': ['us'],
  'en-us-altgr-intl': ['us(altgr-intl)'],
  'en-us-colemak': ['us(colemak)'],
  es: ['es'],
  et: ['ee'],
  fi: ['fi', 'fi_FI'],
  fo: ['fo'],
  fr: ['fr'],
  'fr-be': ['be'],
  'fr-ca': ['ca'],
  'fr-ch': ['ch(fr)'],
  hr: ['hr'],
  hu: ['hu'],
  is: ['is'],
  it: ['it'],
  ja: ['jp'],
  lt: ['lt'],
  lv: ['lv'],
  mk: ['mk'],
  nl: ['nl'],
  no: ['no'],
  pl: ['pl'],
  pt: ['pt', 'pt_PT'],
  'pt-br': ['br', 'pt_BR'],
  ru: ['ru', 'ru_RU'],
  sl: ['si'],
  sv: ['se'],
  th: ['th'],
  tr: ['tr'],
};

/** The keys that type, by their places in xkb; the first of two keys for one character is taken. */
const KEYS = [
  ['TLDE', 'Backquote'],
  ...[...'1234567890'].map((digit, index) => [placeOf('AE', index), `Digit${digit}`]),
  ['AE11', 'Minus'],
  ['AE12', 'Equal'],
  ...[...'QWERTYUIOP'].map((letter, index) => [placeOf('AD', index), `Key${letter}`]),
  ['AD11', 'BracketLeft'],
  ['AD12', 'BracketRight'],
  ...[...'ASDFGHJKL'].map((letter, index) => [placeOf('AC', index), `Key${letter}`]),
  ['AC10', 'Semicolon'],
  ['AC11', 'Quote'],
  ['BKSL', 'Backslash'],
  ...[...'ZXCVBNM'].map((letter, index) => [placeOf('AB', index), `Key${letter}`]),
  ['AB08', 'Comma'],
  ['AB09', 'Period'],
  ['AB10', 'Slash'],
  ['SPCE', 'Space'],
  ['LSGT', 'IntlBackslash'],
  ['AB11', 'IntlRo'],
  ['AE13', 'IntlYen'],
];

/** What is held for the four levels, in xkb's words. */
const LEVELS = ['', 'Shift', 'LevelThree', 'Shift+LevelThree'];

function placeOf(row, index) {
  return `${row}${String(index + 1).padStart(2, '0')}`;
}

/** The character of each keysym that has one. */
function readKeysyms() {
  const header = readFileSync(KEYSYMS, 'latin1');
  const characters = new Map();
  for (const [, name, code] of header.matchAll(/^#define XK_(\w+)\s.*U\+([0-9A-F]{4,6})/gm)) {
    characters.set(name, String.fromCodePoint(Number.parseInt(code, 16)));
  }
  return (keysym) => {
    const code = /^(?:U|0x100)([0-9a-fA-F]{4,6})$/.exec(keysym)?.[1];
    const character = code
      ? String.fromCodePoint(Number.parseInt(code, 16))
      : characters.get(keysym);
    return character !== undefined && /^[^\p{Cc}\p{Co}\p{Cn}]$/u.test(character)
      ? character
      : undefined;
  };
}

/** What is made of keys: by `dead second`, and by `key` of what is never typed as it is. */
function readCompose(path) {
  const made = new Map();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const include = /^include "([^"]+)"/.exec(line)?.[1];
    if (include) for (const [keys, text] of readCompose(include)) made.set(keys, text);
    const [, keys, text] = /^((?:<dead_\w+>\s*)?<\w+>)\s*:\s*"((?:\\.|[^"\\])+)"/.exec(line) ?? [];
    if (keys) made.set(keys.match(/\w+/g).join(' '), text.replace(/\\(.)/g, '$1'));
  }
  return made;
}

/** The keysyms of each key on the four levels: `{place: [keysym | undefined]}`. */
function readLayout(layout) {
  const [, name, variant = ''] = /^(\w+)(?:\(([\w-]+)\))?$/.exec(layout);
  const text = execFileSync(
    'xkbcli',
    ['compile-keymap', '--model', 'pc105', '--layout', name, '--variant', variant],
    { encoding: 'utf8' },
  );
  const types = new Map();
  for (const [, type, body] of text.matchAll(/^\ttype "([^"]+)" \{\n(.*?)^\t\};/gms)) {
    const levels = new Map([['', 0]]);
    for (const [, held, level] of body.matchAll(/map\[(\S+)\]= (\d+);/g)) {
      levels.set(held, Number(level) - 1);
    }
    types.set(type, levels);
  }
  const standard = new Map(LEVELS.map((held, level) => [held, level]));
  const keys = new Map();
  const symbols = text.slice(text.indexOf('xkb_symbols'));
  for (const [, place, body] of symbols.matchAll(/^\tkey <(\w+)>\s*\{(.*?)\};/gms)) {
    const keysyms = /\[([^\]]+)\]\s*$/.exec(body.trim())?.[1].split(',') ?? [];
    const levels = types.get(/type= "([^"]+)"/.exec(body)?.[1]) ?? standard;
    keys.set(
      place,
      LEVELS.map((held) => keysyms[levels.get(held)]?.trim()),
    );
  }
  return { keys, hasAltGr: keys.get('RALT')?.[0] === 'ISO_Level3_Shift' };
}

/** The table of a layout: what the keys type, and what dead keys add to that. */
function makeKeymap([layout, locale], charOf, compose) {
  const { keys, hasAltGr } = readLayout(layout);
  const own = locale ? readCompose(join(LOCALES, `${locale}.UTF-8`, 'Compose')) : compose;
  const strokes = [];
  for (const level of hasAltGr ? [0, 1, 2, 3] : [0, 1]) {
    for (const [place, key] of KEYS) {
      const keysym = keys.get(place)?.[level];
      if (keysym) strokes.push({ key, level, keysym });
    }
  }
  const typed = new Map();
  for (const stroke of strokes) {
    const char = stroke.keysym === 'space' ? ' ' : charOf(stroke.keysym);
    if (char === undefined || compose.has(stroke.keysym)) continue;
    if (!typed.has(char)) typed.set(char, { ...stroke, char });
  }
  const seconds = [...typed.values()];
  const routes = strokes
    .filter(({ keysym }) => keysym.startsWith('dead_'))
    .flatMap((dead) =>
      [...seconds, dead].flatMap((second) => {
        const sequence = `${dead.keysym} ${second.keysym}`;
        const char = compose.get(sequence);
        // Locales with a Compose file of their own differ in a few; what both make is certain.
        if (char === undefined || char !== own.get(sequence)) return [];
        if (!/^[^\p{C}]$/u.test(char) || char.normalize() !== char || typed.has(char)) return [];
        return [{ char, dead, second, cost: dead.level + second.level + (second === dead) }];
      }),
    )
    .sort((a, b) => a.cost - b.cost);
  const composed = new Map();
  for (const route of routes) if (!composed.has(route.char)) composed.set(route.char, route);
  return { typed, composed: [...composed.values()] };
}

/** As it stands in a source file: what is not seen, or would sit on its neighbour, is escaped. */
function quote(text) {
  const escaped = text
    .replace(/[\\']/g, '\\$&')
    .replace(/[\p{M}\p{C}\p{Z}]/gu, (char) =>
      char === ' ' ? char : `\\u{${char.codePointAt(0).toString(16)}}`,
    );
  return escaped.includes("\\'") && !text.includes('"')
    ? `"${escaped.replaceAll("\\'", "'")}"`
    : `'${escaped}'`;
}

function characterRows(typed) {
  return KEYS.flatMap(([, key]) => {
    const levels = [0, 1, 2, 3].map((level) => {
      for (const [char, stroke] of typed) {
        if (stroke.key === key && stroke.level === level) return char;
      }
      return ' ';
    });
    const text = levels.join('').replace(/ +$/, '');
    return text === '' ? [] : [`    ${key}: ${quote(text)},\n`];
  });
}

function deadRows(composed) {
  const rows = new Map();
  for (const { char, dead, second } of composed) {
    const row = rows.get(dead) ?? { pairs: '', twice: '' };
    rows.set(dead, row);
    if (second === dead) row.twice = char;
    else row.pairs += `${second.char}${char}`;
  }
  return [...rows].map(([{ key, level }, { pairs, twice }]) => {
    const rest = twice === '' ? '' : `, ${quote(twice)}`;
    return `    ['${key}', ${level}, ${quote(pairs)}${rest}],\n`;
  });
}

function sourceOf(layout, { typed, composed }, versions) {
  const dead = deadRows(composed);
  return `// Made by scripts/keymaps.mjs; see docs/typing.md, licences in NOTICE. Do not edit.
import type { KeymapTable } from '../keymap-table.ts';

/** \`${layout}\` of ${versions}. */
// biome-ignore format: a table is read by rows
export const table: KeymapTable = {
  levels: {
${characterRows(typed).join('')}  },
  dead: [${dead.length === 0 ? '' : `\n${dead.join('')}  `}],
};
`;
}

/** The version of a Debian package without Debian's own part, e.g. 2.35.1. */
function upstreamVersion(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const args = ['-W', '-f', '${Version}', name];
  return execFileSync('dpkg-query', args, { encoding: 'utf8' }).replace(/^\d+:|-[^-]*$/g, '');
}

/** Every file that should be there: its path and its text. */
export function makeKeymaps() {
  const versions = `xkb-data ${upstreamVersion('xkb-data')}, dead keys of libx11-data ${upstreamVersion('libx11-data')}`;
  const charOf = readKeysyms();
  const compose = readCompose(join(LOCALES, 'en_US.UTF-8', 'Compose'));
  return Object.entries(LAYOUTS).map(([name, layout]) => [
    join(TARGET, `${name}.ts`),
    sourceOf(layout[0], makeKeymap(layout, charOf, compose), versions),
  ]);
}

function main() {
  const files = makeKeymaps();
  const stale = files.filter(
    ([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
  );
  if (process.argv.includes('--check')) {
    for (const [path] of stale) console.error(`${path} is another than its sources make`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  mkdirSync(TARGET, { recursive: true });
  for (const [path, text] of stale) writeFileSync(path, text);
  console.log(`${files.length} layouts, ${stale.length} written`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
