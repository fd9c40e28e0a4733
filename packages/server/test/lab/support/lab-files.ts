import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../../../../scripts/build-lab.mjs', import.meta.url));

/** What a lab machine boots, as paths. */
export interface LabFiles {
  readonly kernel: string;
  readonly initrd: string;
  /** /lib/modules of its kernel. */
  readonly modules: string;
  /** The GPIO simulator, in the order of loading. */
  readonly gpio: readonly string[];
}

/** The files of the lab, built when they are not there yet. */
export function labFiles(): LabFiles {
  const path = execFileSync(process.execPath, [BUILD], { encoding: 'utf8' }).trim();
  return JSON.parse(readFileSync(path, 'utf8')) as LabFiles;
}
