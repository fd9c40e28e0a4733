import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { copyright } from './copyright.mjs';
import { debianChangelog, debianVersion, manualPage } from './documents.mjs';
import { readElf } from './elf.mjs';
import { librariesOf } from './libraries.mjs';

const FACTS = { version: '1.2.0', maintainer: 'A <a@b.example>', date: 86_400 };
const X86_64 = 62;

describe('a library', () => {
  const node = readFileSync('/bin/true');

  it('tells what it needs', () => {
    const { needed, versions } = readElf(node);
    expect(needed).toContain('libc.so.6');
    expect(versions.every((name: string) => name.startsWith('GLIBC_'))).toBe(true);
    expect(versions.length).toBeGreaterThan(0);
  });

  it('is refused when it is for another machine, or is none', () => {
    const { machine } = readElf(node);
    expect(librariesOf([node], machine)).toEqual([expect.stringMatching(/^libc6 \(>= 2\.\d+\)$/)]);
    expect(() => librariesOf([node], machine + 1)).toThrow(`is for machine ${machine}, not`);
    for (const length of [0, 16]) {
      expect(() => readElf(Buffer.alloc(length, '\x7fELF'))).toThrow('no little-endian ELF');
    }
    expect(librariesOf([], X86_64)).toEqual([]);
  });
});

it('gives a pre-release a version before the release', () => {
  expect(['1.0.0', '1.0.0-rc.1'].map(debianVersion)).toEqual(['1.0.0', '1.0.0~rc.1']);
});

it("takes the newest section of the changelog, in lines that Debian's tools read", () => {
  const words = 'word '.repeat(20).trim();
  const text = debianChangelog(
    `# Changelog\n\n## New\n\n- **A.** ${words}\n  b.\n- C.\n\n## Old\n\n- D.\n`,
    FACTS,
  );
  const [head, ...rest] = text.split('\n');
  expect(head).toBe('crashcart (1.2.0) stable; urgency=medium');
  expect(rest[1]).toMatch(/^ {2}\* \*\*A\.\*\* word/);
  expect(rest[2]).toMatch(/^ {4}(word )+word b\.$/);
  expect(rest.slice(3)).toEqual([
    '  * C.',
    '',
    ' -- A <a@b.example>  Fri, 02 Jan 1970 00:00:00 +0000',
    '',
  ]);
  expect(rest.every((line) => line.length <= 78)).toBe(true);
});

it('makes a manual page whose lines say what they say on the terminal', () => {
  const page = manualPage(
    "crashcart: what it is\n\n  npm start   or: crashcart run [X]\n.a\n'b \\c\n",
    FACTS,
  );
  expect(page).toContain('crashcart \\- what it is\n');
  expect(page).toContain(".nf\ncrashcart run [X]\n\\&.a\n\\&'b \\ec\n.fi");
});

describe('the licences', () => {
  const MIT = 'Permission is granted.\n\nNo warranty.';
  const module = (name: string, identifier: string, text?: string) => ({
    name,
    version: '1',
    identifier,
    text,
  });
  const make = (...bundled: readonly object[]) =>
    copyright({ version: '1.2.0', bundled, native: [], extra: [], notice: 'Layouts.' });

  it('are written once for each wording, with all holders', () => {
    const text = make(
      module('a', 'MIT', `Copyright (c) 2020 Ann\n\n${MIT}`),
      module('b', 'MIT', `Copyright Bob\n${MIT.replace('\n\n', '\n \n')}`),
      module('c', 'MIT', `${MIT} Really.`),
      module('d', 'MIT'),
      module('e', 'Apache-2.0', 'Copyright [yyyy]\nlong'),
    );
    expect(text).toContain('\n 2020 Ann (a)\n Bob (b)\n the authors of c (c)\n');
    expect(text).toContain(
      'a 1 (MIT),\n b 1 (MIT),\n c 1 (MIT~2),\n d 1 (MIT),\n e 1 (Apache-2.0)\n',
    );
    expect(
      text.match(/^License: MIT\n Permission is granted\.\n \.\n No warranty\.$/gm),
    ).toHaveLength(1);
    expect(text).toContain(
      'License: Apache-2.0\n The text is in /usr/share/common-licenses/Apache-2.0',
    );
  });

  it('are not made up', () => {
    expect(() => make(module('a', 'WTFPL'))).toThrow('There is no text of WTFPL');
  });
});
