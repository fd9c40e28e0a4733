import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { linksDirectory } from '../machine-images.ts';
import { imageCommand } from './image.ts';

let stateDir: string;
let storage: string;
let folder: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'cc-image-'));
  storage = join(stateDir, 'msd');
  folder = join(stateDir, 'files');
  mkdirSync(storage);
  mkdirSync(folder);
});
afterEach(() => rmSync(stateDir, { recursive: true }));

async function run(argv: readonly string[], given: object = {}, signal = new AbortController()) {
  let out = '';
  let err = '';
  const code = await imageCommand(argv, {
    stdin: Readable.from([]),
    stdout: { write: (part) => (out += part) },
    stderr: { write: (part) => (err += part) },
    ...{ config: configSchema.parse(given), stateDir, signal: signal.signal },
  });
  return { code, out, err };
}

const create = (...more: readonly string[]) => run(['create', 'a.img', '--size', '34M', ...more]);
const file = (name: string, size = 0) => {
  writeFileSync(join(folder, name), '');
  truncateSync(join(folder, name), size);
};

it('makes an image, and says where it is', async () => {
  const path = join(storage, 'a.img');
  expect(await create()).toEqual({ code: 0, out: `${path}\n`, err: '' });
  expect(readdirSync(storage)).toEqual(['a.img']);
});

it('serves the storage of the machine that is named', async () => {
  const dir = join(stateDir, 'other');
  mkdirSync(dir);
  const machines = { web: { msd: { storage: { dir } } } };
  const argv = ['create', 'x/a.img', '--size', '34M', '--machine', 'web'];
  expect(await run(argv, { machines })).toMatchObject({ code: 0, err: '' });
  expect([readdirSync(storage), readdirSync(join(dir, 'x'))]).toEqual([[], ['a.img']]);
  const { code, err } = await run([...argv.slice(0, -1), 'none'], { machines });
  expect([code, err]).toEqual([1, 'There is no machine "none"; there are: default, web\n']);
});

it.each([
  [[]],
  [['create']],
  [['create', 'a.img']],
  [['create', 'a.img', 'b.img', '--size', '1G']],
  [['remove', 'a.img', '--size', '1G']],
  [['create', 'a.img', '--size', '1G', '--nope']],
])('refuses %j', async (argv) => {
  expect(await run(argv)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^Usage: crashcart image create/),
  });
});

it('prints its help', async () => {
  const { code, out } = await run(['--help']);
  expect([code, out]).toEqual([0, expect.stringMatching(/^Usage: crashcart image create/)]);
});

it.each([
  ['a size without a meaning', ['--size', '4 GB'], 2, '--size takes a whole number'],
  ['too little for FAT32', ['--size', '33M'], 1, 'from 34M to 2097151M'],
  ['too much for an MBR', ['--size', '2T'], 1, 'from 34M to 2097151M'],
  ['half a MiB', ['--size', '36000000'], 1, 'whole MiB'],
  ['more than there is room for', ['--size', '2097151M'], 1, 'The storage has room for'],
  ['a long label', ['--label', 'DOZEN LETTER'], 2, '--label takes up to 11'],
  ['a label with a dot', ['--label', 'a.b'], 2, '--label takes up to 11'],
  ['a folder that is not there', ['--from', '/nowhere'], 1, "'/nowhere'"],
])('refuses %s', async (_, more, code, why) => {
  expect(await create(...more)).toMatchObject({ code, err: expect.stringContaining(why) });
  expect(readdirSync(storage)).toEqual([]);
});

it.each(['.hidden', 'a/../b', 'lost+found/a', 'x'.repeat(241)])(
  'refuses the name %j as the API does',
  async (name) => {
    const { code, err } = await run(['create', name, '--size', '34M']);
    expect([code, err]).toEqual([2, expect.stringMatching(/^The (argument|name) '/)]);
  },
);

describe('a name', () => {
  it('that an image has is left alone', async () => {
    writeFileSync(join(storage, 'a.img'), 'mine');
    expect(await create()).toMatchObject({ code: 1, err: 'There is an image a.img already\n' });
  });

  it('that an upload has is left alone', async () => {
    writeFileSync(join(storage, '.a.img.upload'), 'half');
    const { code, err } = await create();
    expect([code, err]).toEqual([1, expect.stringContaining('unfinished a.img: wait for it')]);
    expect(readdirSync(storage)).toEqual(['.a.img.upload']);
  });

  it('that a link has is left alone', async () => {
    const links = linksDirectory(stateDir, storage);
    mkdirSync(links, { recursive: true });
    const facts = { size: 1, etag: '', lastModified: '' };
    const link = { name: 'a.img', id: '1', url: 'nbd://x', insecure: false, facts, linkedS: 1 };
    writeFileSync(join(links, 'links.json'), JSON.stringify([link]));
    expect(await create()).toMatchObject({
      ...{ code: 1, err: 'There is a linked image a.img already\n' },
    });
  });
});

it('what looks half published is left to the server', async () => {
  for (const name of ['x.img', '.x.img.upload']) writeFileSync(join(storage, name), '');
  expect(await create()).toMatchObject({ code: 0 });
  expect(readdirSync(storage).sort()).toEqual(['.x.img.upload', 'a.img', 'x.img']);
});

it('counts all images where there is a limit', async () => {
  const limit = 40 << 20;
  const given = { kvmd: { msd: { storage: { limit } } } };
  expect(await run(['create', 'a.img', '--size', '34M'], given)).toMatchObject({ code: 0 });
  expect(await run(['create', 'b.img', '--size', '34M'], given)).toMatchObject({
    code: 1,
    err: `The storage has room for ${6 << 20} bytes, the image has ${34 << 20}\n`,
  });
});

it('wants a storage, and a drive', async () => {
  rmSync(storage, { recursive: true });
  expect(await create()).toMatchObject({ code: 1, err: expect.stringContaining('--state') });
  const given = { kvmd: { msd: { type: 'disabled' } } };
  const { err } = await run(['create', 'a.img', '--size', '34M'], given);
  expect(err).toBe('The machine "default" has no drive\n');
});

it.runIf(process.getuid?.() === 0)('is for the user of the storage', async () => {
  chownSync(storage, 1, 1);
  const { code, err } = await create();
  expect([code, err]).toEqual([1, expect.stringContaining('runuser -u daemon -- crashcart image')]);
});

describe('files that FAT cannot hold', () => {
  it.each([
    ['a:b', 'FAT has no ":" in names'],
    ['end.', 'FAT has no names that end with a dot or a blank'],
  ])('are refused before anything is made (%s)', async (name, why) => {
    mkdirSync(join(folder, 'deep'));
    file(join('deep', name));
    const { code, err } = await create('--from', folder);
    const path = join(folder, 'deep', name);
    expect([code, err]).toEqual([1, `${path} cannot be copied: ${why}\n`]);
    expect(readdirSync(storage)).toEqual([]);
  });

  it('are two of one name', async () => {
    file('Readme');
    file('README');
    const { err } = await create('--from', folder);
    expect(err).toBe(`${folder}/README and ${folder}/Readme have one name: FAT knows no case\n`);
  });

  it('are links to folders, and to nothing', async () => {
    symlinkSync('/', join(folder, 'root'));
    expect((await create('--from', folder)).err).toContain('neither a file nor a folder');
  });

  it('are files of 4 GiB', async () => {
    file('big', 2 ** 32);
    expect((await create('--from', folder)).err).toContain('less than 4294967296 bytes');
  });

  it('are more than there is room for', async () => {
    file('big', 40 << 20);
    const { code, err } = await create('--from', folder);
    expect([code, err]).toEqual([1, `What is in ${folder} does not fit into 34 MiB\n`]);
    expect(readdirSync(storage)).toEqual([]);
  });
});

it('says what to install', async () => {
  file('x');
  const { PATH } = process.env;
  process.env.PATH = '/nonexistent';
  try {
    const { code, err } = await create('--from', folder);
    expect([code, err]).toEqual([1, 'mcopy is missing: apt install mtools\n']);
  } finally {
    process.env.PATH = PATH;
  }
  expect(readdirSync(storage)).toEqual([]);
});
