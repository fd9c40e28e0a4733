import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { imageName, KvmError } from '@crashcart/api';
import { type Config, machinesOf } from '../config/schema.ts';
import { silentLog } from '../core/log.ts';
import { imagesDirectory, linksDirectory } from '../machine-images.ts';
import { folderOwner } from '../platform/image-folder.ts';
import { ProgramMissingError } from '../platform/process.ts';
import { labelFrom } from '../protocols/fat32.ts';
import { makeFlashImage } from '../store/flash-image.ts';
import { ImageDirectory } from '../store/image-store.ts';
import { linkNames } from '../store/links/linked-images.ts';
import { CliError, type CliIo, runCommand, UsageError } from './io.ts';

const USAGE = `Usage: crashcart image create NAME --size N[M|G|T] [OPTIONS]

Makes an image in the storage that a machine sees as a flash drive with one partition of FAT32. A server
that runs lists it as soon as it is whole. Needs dosfstools. docs/flash-images.md

  --size N[M|G|T]    how big: bytes, MiB, GiB or TiB; whole MiB from 34M
  --label NAME       what the drive is called: 11 letters and digits at most
  --from FOLDER      copy what is in it; needs mtools
  --machine ID       into the storage of this machine (default)
  --state DIR        of the server (that of the service: /var/lib/crashcart/core)
  --config FILE, --pikvm-config FILE  of crashcart
  -h, --help         this text`;

const OPTIONS = {
  size: { type: 'string' },
  label: { type: 'string' },
  from: { type: 'string' },
  machine: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const UNITS: Readonly<Record<string, number>> = { '': 1, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
/** Debian's package of each program. */
const PACKAGES: Readonly<Record<string, string>> = { 'mkfs.vfat': 'dosfstools', mcopy: 'mtools' };

/** What the command works on. */
export interface ImageIo extends CliIo {
  readonly config: Config;
  readonly stateDir: string;
  /** Ends it; nothing stays then. */
  readonly signal: AbortSignal;
}

/** `crashcart image …`. Resolves to 0, 1 or 2. */
export function imageCommand(argv: readonly string[], io: ImageIo): Promise<number> {
  return runCommand(io, async () => {
    const given = parse(argv);
    if (given === 'help') {
      io.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const { signal, stdout } = io;
    await using images = await openStorage(io, given);
    await makeFlashImage(images, { ...given, signal }).catch((error: unknown) => {
      throw withRemedy(error, given.name);
    });
    stdout.write(`${images.pathOf(given.name)}\n`);
    return 0;
  });
}

interface Given {
  readonly name: string;
  readonly size: number;
  readonly label: string | undefined;
  readonly from: string | undefined;
  readonly machine: string;
}

function parse(argv: readonly string[]): Given | 'help' {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
  const { help, size, label, from, machine = 'default' } = parsed.values;
  if (help) return 'help';
  const [verb, name, ...rest] = parsed.positionals;
  if (verb !== 'create' || name === undefined || rest.length > 0 || size === undefined) {
    throw new UsageError(USAGE);
  }
  return {
    ...{ name: nameOf(name), size: sizeOf(size), machine },
    label: label === undefined ? undefined : labelOf(label),
    from: from === undefined ? undefined : resolve(from),
  };
}

function nameOf(text: string): string {
  try {
    return imageName(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function sizeOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,15})([MGT]?)$/.exec(text) ?? [];
  if (number !== '') return Number(number) * (UNITS[unit] ?? 1);
  throw new UsageError(`--size takes a whole number of bytes, or of M, G or T, not "${text}"`);
}

function labelOf(text: string): string {
  const label = labelFrom(text);
  if (label !== undefined) return label;
  throw new UsageError(
    `--label takes up to 11 letters, digits and blanks without accents, not "${text}"`,
  );
}

/** The storage as a server has it, for a guest of its user. */
async function openStorage({ config, stateDir }: ImageIo, { machine, name }: Given) {
  const settings = machinesOf(config).get(machine);
  if (!settings) {
    const known = [...machinesOf(config).keys()].join(', ');
    throw new CliError(`There is no machine "${machine}"; there are: ${known}`);
  }
  const { msd } = settings;
  if (msd.type === 'disabled') throw new CliError(`The machine "${machine}" has no drive`);
  const directory = imagesDirectory(stateDir, msd);
  await requireOwner(directory);
  const links = await linkNames(linksDirectory(stateDir, directory));
  if (links.includes(name)) throw new CliError(`There is a linked image ${name} already`);
  const { limit } = msd.storage;
  return await ImageDirectory.open({ directory, limit, log: silentLog, isGuest: true });
}

/** What root makes the server could not write. */
async function requireOwner(directory: string): Promise<void> {
  const owner = await folderOwner(directory);
  if (!owner) {
    const why = `There is no storage ${directory}: start the server once, and name what it was started with`;
    throw new CliError(`${why} (--state, --config)`);
  }
  if (process.geteuid?.() === owner.uid) return;
  const who = owner.name ?? `#${owner.uid}`;
  throw new CliError(
    `${directory} is of the user ${who}: run it as that user, for instance by \`runuser -u ${who} -- crashcart image …\``,
  );
}

function withRemedy(error: unknown, name: string): unknown {
  if (error instanceof ProgramMissingError) {
    const { program } = error;
    return new CliError(`${program} is missing: apt install ${PACKAGES[program]}`);
  }
  if (!(error instanceof KvmError)) return error;
  if (error.name === 'MsdImageExistsError')
    return new CliError(`There is an image ${name} already`);
  return new CliError(error.message, { cause: error });
}
