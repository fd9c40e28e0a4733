import { KvmError } from '@crashcart/api';
import type { PackImage } from '../core/image-store.ts';
import { filterThrough } from '../platform/filter-process.ts';
import { ProgramMissingError } from '../platform/process.ts';

/** Low levels: a download shall be limited by the network. One thread leaves one for the rest. */
const PACKERS = {
  lzma: { argv: ['xz', '-1', '--stdout', '--quiet', '-'], debian: 'xz-utils' },
  zstd: { argv: ['zstd', '-3', '--stdout', '--quiet', '-'], debian: 'zstd' },
} as const;

/** Packs with the programs of Debian's packages `xz-utils` and `zstd`. */
export const packImage: PackImage = async (compression, chunks, signal) => {
  const { argv, debian } = PACKERS[compression];
  const [program, ...args] = argv;
  try {
    return await filterThrough(program, args, chunks, signal);
  } catch (error) {
    if (!(error instanceof ProgramMissingError)) throw error;
    throw new KvmError(
      'UnavailableError',
      `Packing needs ${program} on the server (Debian package ${debian})`,
      { cause: error },
    );
  }
};
