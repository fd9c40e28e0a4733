import { join } from 'node:path';
import { listSystemDir, systemPathExists } from '../platform/system-files.ts';

/** Where systemd keeps what it enabled and what runs; read as files, so no process is started. */
export interface UnitSources {
  readonly sysDir: string;
  /** Where systemd links enabled units, /etc/systemd/system. */
  readonly unitsDir: string;
}

/** Whether a systemd service starts at boot, and whether it runs now. */
export interface UnitStatus {
  readonly enabled: boolean;
  readonly started: boolean;
}

/** Asks for one service by its name with or without `.service`; both false when it is unknown. */
export async function unitStatus(sources: UnitSources, daemon: string): Promise<UnitStatus> {
  const unit = daemon.endsWith('.service') ? daemon : `${daemon}.service`;
  if (!/^[\w@.:-]+$/.test(unit)) return { enabled: false, started: false };
  const [enabled, started] = await Promise.all([
    isEnabled(sources.unitsDir, unit),
    anyExists([
      join(sources.sysDir, 'fs/cgroup/system.slice', unit),
      join(sources.sysDir, 'fs/cgroup/systemd/system.slice', unit),
    ]),
  ]);
  return { enabled, started };
}

async function isEnabled(unitsDir: string, unit: string): Promise<boolean> {
  const targets = ((await listSystemDir(unitsDir)) ?? []).filter((name) =>
    /\.(wants|requires)$/.test(name),
  );
  // The links point into the real root; that they are listed is what counts.
  const lists = await Promise.all(targets.map((name) => listSystemDir(join(unitsDir, name))));
  return lists.some((names) => names?.includes(unit) === true);
}

async function anyExists(paths: readonly string[]): Promise<boolean> {
  return (await Promise.all(paths.map(systemPathExists))).includes(true);
}
