import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../core/log.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { Ocr } from './ocr.ts';

/** A program of tesseract's manners that tells what it was called with, or never ends. */
const PROGRAM = `#!/bin/sh
case "$*" in
*--list-langs*) cat "$0.langs"; exit ;;
*" slow "*) echo $$ > "$0.pid"; cat > /dev/null; exec sleep 600 ;;
esac
cat > "$0.input"
echo "$OMP_THREAD_LIMIT $*"
`;

const WHOLE = {};
let directory: string;
let program: string;
let jpeg: Buffer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ocr-'));
  program = join(directory, 'tesseract');
  await writeFile(program, PROGRAM, { mode: 0o755 });
  await langs('osd', 'eng', 'slow');
  const turbo = await loadJpegTurbo();
  const pixels = Buffer.alloc(64 * 64 * 4, 255);
  const out = Buffer.alloc(turbo.outputBytes(64, 64));
  jpeg = Buffer.from(await turbo.encode(pixels, 64, 64, 80, out));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function langs(...names: readonly string[]): Promise<void> {
  const head = `List of available languages in "/data/" (${names.length}):`;
  await writeFile(`${program}.langs`, `${[head, ...names].join('\n')}\n`);
}

function ocrOf(more: Partial<ConstructorParameters<typeof Ocr>[0]> = {}): Ocr {
  return new Ocr({ langs: ['eng', 'deu'], tessdata: '', log: silentLog, program, ...more });
}

/** The pid of the slow reading, once it runs. */
async function slowPid(): Promise<number> {
  await vi.waitFor(() => expect(existsSync(`${program}.pid`)).toBe(true), { timeout: 10_000 });
  return vi.waitFor(async () => {
    const pid = Number(await readFile(`${program}.pid`, 'utf8'));
    expect(pid).toBeGreaterThan(1);
    return pid;
  });
}

const isGone = (pid: number) => vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false));

test('lists what is installed, with those of the default languages that are', async () => {
  const ocr = ocrOf();
  expect(ocr.state.value.enabled).toBe(false);
  await ocr.refresh();
  expect(ocr.state.value).toEqual({
    enabled: true,
    langs: { default: ['eng'], available: ['eng', 'osd', 'slow'] },
  });
  await ocr.close();
});

test('gives the picture to one thread, with the languages and the data folder', async () => {
  const ocr = ocrOf({ tessdata: '/my/data' });
  const { signal } = new AbortController();
  const said = await ocr.recognize(jpeg, { langs: ['osd', 'eng'], region: WHOLE, signal });
  expect(said).toMatch(/^1 - - --tessdata-dir \/my\/data -l osd\+eng --psm 6 /);
  const input = await readFile(`${program}.input`);
  const head = 'P5\n192 192\n255\n';
  expect(input.subarray(0, head.length).toString()).toBe(head);
  expect(input.length).toBe(head.length + 192 * 192);
  await ocr.close();
});

test('finds a language that was installed meanwhile', async () => {
  const ocr = ocrOf();
  await ocr.refresh();
  await langs('eng', 'deu');
  const { signal } = new AbortController();
  await expect(ocr.recognize(jpeg, { langs: ['fra'], region: WHOLE, signal })).rejects.toThrow(
    "Failed sub-validator on one of the item of ['fra']",
  );
  expect(ocr.state.value.langs).toEqual({ default: ['eng', 'deu'], available: ['deu', 'eng'] });
  await ocr.close();
});

test('without the program it is disabled and says what to install', async () => {
  const ocr = ocrOf({ program: join(directory, 'missing') });
  await ocr.refresh();
  expect(ocr.state.value.enabled).toBe(false);
  const { signal } = new AbortController();
  const reading = ocr.recognize(jpeg, { langs: [], region: WHOLE, signal });
  await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
  await ocr.close();
});

test('the program ends with the client who asked', async () => {
  const ocr = ocrOf();
  const client = new AbortController();
  const { signal } = client;
  const reading = ocr.recognize(jpeg, { langs: ['slow'], region: WHOLE, signal });
  const ended = expect(reading).rejects.toThrow('gone');
  const pid = await slowPid();
  client.abort(new Error('gone'));
  await ended;
  await isGone(pid);
  await ocr.close();
});

test('a picture that takes too long is given up', async () => {
  const ocr = ocrOf({ timeoutMs: 300 });
  const { signal } = new AbortController();
  const reading = ocr.recognize(jpeg, { langs: ['slow'], region: WHOLE, signal });
  await expect(reading).rejects.toThrow('Reading the text took more than 0.3 s');
  await ocr.close();
});

test('a few may wait, more are refused at once, and closing ends all', async () => {
  const ocr = ocrOf();
  await ocr.refresh();
  const { signal } = new AbortController();
  const read = () => ocr.recognize(jpeg, { langs: ['slow'], region: WHOLE, signal });
  const waiting = Promise.allSettled(Array.from({ length: 8 }, read));
  const pid = await slowPid();
  await expect(read()).rejects.toThrow('Too many pictures are being read');
  await ocr.close();
  expect((await waiting).map(({ status }) => status)).toEqual(new Array(8).fill('rejected'));
  await isGone(pid);
});
