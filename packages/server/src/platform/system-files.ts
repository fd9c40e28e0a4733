import { constants } from 'node:fs';
import { access, open, readdir, realpath } from 'node:fs/promises';

/** More than any file of /proc, /sys or a hand-written manifest; a longer one is cut here. */
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * The text of a small file of the system or the operator, at most 1 MiB; undefined when it cannot
 * be read for any reason. Invalid UTF-8 becomes U+FFFD.
 */
export async function readSystemText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const chunks: Buffer[] = [];
    let length = 0;
    // Files of /proc and /sys lie about their size: read until the end is reached.
    while (length < MAX_TEXT_BYTES) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(16 * 1024));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return Buffer.concat(chunks).subarray(0, MAX_TEXT_BYTES).toString('utf8');
  } catch {
    return undefined;
  }
}

/** The names in a directory, sorted; undefined when it cannot be listed. */
export async function listSystemDir(path: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(path)).sort();
  } catch {
    return undefined;
  }
}

/** Whether something of this name is there. */
export async function systemPathExists(path: string): Promise<boolean> {
  return await passes(path, constants.F_OK);
}

/** Whether this file is there and may be run by this process. */
export async function isExecutable(path: string): Promise<boolean> {
  return await passes(path, constants.X_OK);
}

async function passes(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Where a link of /sys or /dev leads in the end; undefined when it leads nowhere. */
export async function systemRealPath(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined);
}
