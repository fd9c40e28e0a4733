import { randomBytes } from 'node:crypto';
import { KvmError } from '@crashcart/api';
import type { ImageStore } from '../core/image-store.ts';
import {
  type CopiedFile,
  copyToFat,
  FatError,
  folderContent,
  formatFat32,
} from '../platform/fat-disk.ts';
import {
  MAX_DISK_BYTES,
  MAX_FILE_BYTES,
  MIN_DISK_BYTES,
  nameKey,
  nameTrouble,
  PARTITION_START,
} from '../protocols/fat32.ts';
import { masterBootRecord, SECTOR_BYTES, TYPE_FAT32_LBA } from '../protocols/mbr.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** What a flash drive is to be. */
export interface FlashImage {
  readonly name: string;
  /** Bytes, whole MiB, from `MIN_DISK_BYTES` to `MAX_DISK_BYTES`. */
  readonly size: number;
  /** As `labelFrom` gives it; undefined = none. */
  readonly label: string | undefined;
  /** A folder whose content is copied; undefined = none. */
  readonly from: string | undefined;
  /** Ends it, and nothing of it stays. */
  readonly signal: AbortSignal;
}

/** The image cannot be as it is asked for; the message says why and what to do. */
export class FlashImageError extends Error {
  override readonly name = 'FlashImageError';
}

/**
 * Makes an image that a machine sees as a flash drive with one partition of FAT32; it is an image only
 * when it is whole. It takes room on the disk as it is filled. Throws FlashImageError,
 * MsdImageExistsError, MsdStorageFullError, and ProgramMissingError for mkfs.vfat and mcopy.
 */
export async function makeFlashImage(images: ImageStore, given: FlashImage): Promise<void> {
  const { name, size, label, from, signal } = given;
  if (size < MIN_DISK_BYTES || size > MAX_DISK_BYTES || size % MIB !== 0) {
    const limits = `from ${MIN_DISK_BYTES / MIB}M to ${MAX_DISK_BYTES / MIB}M (2 TiB is too much for an MBR)`;
    throw new FlashImageError(`A flash drive with FAT32 has whole MiB, ${limits}`);
  }
  const sources = from === undefined ? [] : await checked(from);
  const known = images.state.value.images[name];
  if (known && !known.complete) {
    const why = `The storage has an unfinished ${name}: wait for it, or remove it in the page`;
    throw new FlashImageError(why);
  }
  const writer = await images.create(name, size);
  try {
    const firstSector = PARTITION_START / SECTOR_BYTES;
    const sectors = (size - PARTITION_START) / SECTOR_BYTES;
    const partition = { type: TYPE_FAT32_LBA, firstSector, sectors };
    await writer.write(masterBootRecord(partition, randomBytes(4).readUInt32LE()));
    const place = { path: images.pathOf(name), start: PARTITION_START };
    await formatFat32(place, { label, signal });
    const paths = sources.map(({ path }) => path);
    await copyToFat(place, paths, signal).catch((error: unknown) => {
      throw isFull(error) ? tooSmall(given) : error;
    });
    signal.throwIfAborted();
    await writer.finish();
  } catch (error) {
    await writer.abandon({ keep: false });
    throw explained(error);
  }
}

/** What is in a folder, after a look at all of it. Throws FlashImageError for what FAT cannot hold. */
async function checked(folder: string): Promise<readonly CopiedFile[]> {
  const content = await folderContent(folder);
  const names = new Map<string, string>();
  for (const { path, name, kind, size } of content) {
    const trouble = nameTrouble(name) ?? kindTrouble(kind, size);
    if (trouble !== undefined) throw new FlashImageError(`${path} cannot be copied: ${trouble}`);
    const twin = names.get(nameKey(name));
    if (twin !== undefined) {
      throw new FlashImageError(`${twin} and ${path} have one name: FAT knows no case`);
    }
    names.set(nameKey(name), path);
    if (kind === 'folder') await checked(path);
  }
  return content;
}

function kindTrouble(kind: CopiedFile['kind'], size: number): string | undefined {
  if (kind === 'other') return 'it is neither a file nor a folder';
  return size > MAX_FILE_BYTES ? `a file of FAT has less than ${4 * GIB} bytes` : undefined;
}

function isFull(error: unknown): boolean {
  return error instanceof FatError && /disk full/i.test(error.output);
}

function tooSmall({ from, size }: FlashImage): FlashImageError {
  return new FlashImageError(`What is in ${from} does not fit into ${size / MIB} MiB`);
}

function explained(error: unknown): unknown {
  if (!(error instanceof FatError)) return error;
  const isOld = /unrecognized option|invalid option/.test(error.output);
  if (isOld) return new FlashImageError(`${error.message}; dosfstools 4.2 or newer is needed`);
  if (!/No space left/.test(error.output)) return error;
  return new KvmError('MsdStorageFullError', undefined, { cause: error });
}
