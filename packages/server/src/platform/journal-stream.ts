import { fstatSync } from 'node:fs';

/**
 * Whether what this process writes to `fd` (standard error by default) goes to systemd's journal.
 * JOURNAL_STREAM is inherited by everything a service starts, so the descriptor itself is compared
 * (systemd.exec(5)).
 */
export function writesToJournal(env: Readonly<NodeJS.ProcessEnv>, fd = 2): boolean {
  const [device, inode] = env.JOURNAL_STREAM?.split(':') ?? [];
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return String(dev) === device && String(ino) === inode;
  } catch {
    return false;
  }
}
