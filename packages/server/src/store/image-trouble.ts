import { KvmError } from '@crashcart/api';
import { isSystemError } from '../platform/files.ts';

/** The system's errors that a person can do something about, as ours; all others as they are. */
export function imageTrouble(error: unknown): unknown {
  const cause = { cause: error };
  if (isSystemError(error, 'EEXIST')) return new KvmError('MsdImageExistsError', undefined, cause);
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    return new KvmError('MsdStorageFullError', undefined, cause);
  }
  if (isSystemError(error, 'EFBIG')) {
    const why = 'The file system of the storage takes no image of this size';
    return new KvmError('MsdStorageFullError', why, cause);
  }
  if (isSystemError(error, 'EROFS', 'EACCES', 'EPERM')) {
    return new KvmError('MsdStorageReadOnlyError', undefined, cause);
  }
  if (isSystemError(error, 'ENOTDIR', 'EISDIR')) {
    return new KvmError('ValidatorError', 'A part of this folder is no folder', cause);
  }
  return error;
}
