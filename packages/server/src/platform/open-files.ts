import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listSystemDir, readSystemText } from './system-files.ts';

/**
 * Which programs have a file open, with their process numbers: `agetty (321)`. Those of other users are
 * seen with CAP_SYS_PTRACE only (proc(5)).
 */
export async function programsWith(path: string, procDir = '/proc'): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await listSystemDir(procDir)) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const dir = join(procDir, pid, 'fd');
    const files = ((await listSystemDir(dir)) ?? []).map((fd) => readlink(join(dir, fd)));
    // Files are closed and processes end meanwhile.
    const isOpen = (await Promise.allSettled(files)).some(
      (each) => each.status === 'fulfilled' && each.value === path,
    );
    if (!isOpen) continue;
    const name = (await readSystemText(join(procDir, pid, 'comm')))?.trim() ?? '?';
    found.push(`${name} (${pid})`);
  }
  return found;
}
