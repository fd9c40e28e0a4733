import { access, open, rm } from 'node:fs/promises';
import { isSystemError } from './files.ts';

/** Makes an empty raw disk of `sizeBytes` that takes no room until written; an existing one stays. */
export async function ensureSparseFile(path: string, sizeBytes: number): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
}

/** Whether a path exists and we may see it. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Removes a file or directory; it need not exist. */
export async function removePath(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
