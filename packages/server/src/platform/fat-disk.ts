import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/** A file or folder below a folder. */
export interface CopiedFile {
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** Bytes. */
  readonly size: number;
}

/** A FAT file system somewhere in a file. */
export interface FatPlace {
  /** The file, which has its size already. */
  readonly path: string;
  /** Where it begins, bytes; a multiple of 512. */
  readonly start: number;
}

const SECTOR_BYTES = 512;
const KIB = 1024;

/** A program said no. */
export class FatError extends Error {
  override readonly name = 'FatError';
  /** What it said, empty when nothing. */
  readonly output: string;

  constructor(program: string, output: string) {
    super(`${program} failed: ${output || 'it said nothing'}`);
    this.output = output;
  }
}

/**
 * Makes a FAT32 up to the end of the file, by mkfs.vfat of dosfstools 4.2. Rejects with
 * ProgramMissingError, FatError, or the reason of `signal`.
 */
export async function formatFat32(
  { path, start }: FatPlace,
  { label, signal }: { readonly label: string | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { size } = await stat(path);
  const sector = `${start / SECTOR_BYTES}`;
  const place = ['--offset', sector, '-h', sector, '--mbr=n'];
  const named = label === undefined ? [] : ['-n', label];
  await run(
    ['mkfs.vfat', '-F', '32', ...place, ...named, '--', path, `${(size - start) / KIB}`],
    signal,
  );
}

/**
 * Copies files and folders, with what is in them, to the top of a FAT, by mcopy of mtools. Rejects as
 * `formatFat32`; the names must be such as FAT has, each once.
 */
export async function copyToFat(
  { path, start }: FatPlace,
  sources: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (sources.length === 0) return;
  // A name that it would have to ask for is an error (-Q): it cannot ask here.
  await run(['mcopy', '-i', `${path}@@${start}`, '-s', '-m', '-Q', ...sources, '::/'], signal);
}

/** What is in a folder, in plain order; links to files are files. Rejects with the system's error. */
export async function folderContent(folder: string): Promise<readonly CopiedFile[]> {
  const names = (await readdir(folder)).sort();
  return await Promise.all(names.map((name) => describe(join(folder, name), name)));
}

async function describe(path: string, name: string): Promise<CopiedFile> {
  const own = await lstat(path);
  if (own.isDirectory()) return { path, name, kind: 'folder', size: 0 };
  const stats = own.isSymbolicLink() ? await stat(path).catch(() => own) : own;
  return { path, name, kind: stats.isFile() ? 'file' : 'other', size: stats.size };
}

async function run(argv: readonly [string, ...string[]], signal: AbortSignal): Promise<void> {
  const { PATH = '' } = process.env;
  // Not everybody's path has what mkfs is in; its own settings have no say, and names are UTF-8.
  const env = { ...process.env, PATH: `${PATH}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };
  const options = { env: { ...env, MTOOLSRC: '/dev/null' }, signal };
  const { code, output } = await runCommand(argv, options);
  if (code !== 0) throw new FatError(argv[0], output.trim());
}
