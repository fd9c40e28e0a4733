import { KvmError } from '@crashcart/api';
import { isMissing, isOfWrite } from './storage-lun.ts';

/** ETOOSMALL of the kernel, which has no name outside of it. */
const TOO_SMALL = -525;

/** Why the kernel refused a value. */
const REFUSED: Readonly<Record<string, string>> = {
  EBUSY: 'another program uses the drive',
  ENOENT: 'there is no such file',
  EACCES: 'the server may not read it',
  EPERM: 'the server may not read it',
  EINVAL: 'it is no image file',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its path is too long',
};

/** The error of an act on the drive, in words that help; an error of ours stays as it is. */
export function driveRefusal(what: string, error: unknown): KvmError {
  if (error instanceof KvmError) return error;
  if (isMissing(error)) return new KvmError('MsdOfflineError', undefined, { cause: error });
  return new KvmError('MsdDriveError', `${what}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('errno' in error && error.errno === TOO_SMALL) {
    return 'it is too small (a CD-ROM has at least 600 KiB, a flash drive 512 bytes)';
  }
  const code = 'code' in error ? String(error.code) : '';
  if (isOfWrite(error)) return REFUSED[code] ?? error.message;
  if (code !== 'EACCES') return error.message;
  const path = 'path' in error ? String(error.path) : 'its files';
  return `the server may not write ${path}; the user of otg.user may`;
}
