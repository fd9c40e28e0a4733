import { realpath, rm, stat } from 'node:fs/promises';
import { isSystemError, writeFileAtomic } from './files.ts';

/**
 * Replaces a secret text file as a whole, mode 0600; it keeps its owner, and a link goes on pointing
 * at the real file. A file that did not exist is made.
 */
export async function replaceText(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path);
    const { uid, gid } = await stat(target);
    const ours = uid === process.geteuid?.() && gid === process.getegid?.();
    await writeFileAtomic(target, text, ours ? {} : { owner: { uid, gid } });
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    await writeFileAtomic(path, text);
  }
}

/** Removes a file; a missing one is fine. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
