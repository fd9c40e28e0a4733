import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabMachine } from './lab-machine.ts';

const CACHE = fileURLToPath(new URL('../../../../../.cache/', import.meta.url));
const RELEASE = 'trixie';
const PROGRAMS = ['gpiodetect', 'gpioget', 'gpioinfo', 'gpiomon', 'gpioset'];
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/** Debian 13's programs of libgpiod with what they need; the first time they are downloaded. Its folder. */
export function newerGpiod(): string {
  const folder = join(CACHE, `gpiod-${RELEASE}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const part = mkdtempSync(join(CACHE, 'part-'));
  try {
    const root = join(part, 'root');
    const what = ['--quiet', '--variant=extract', '--include=gpiod', RELEASE, root];
    execFileSync('mmdebstrap', what, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    renameSync(root, folder);
  } finally {
    rmSync(part, { recursive: true });
  }
  return folder;
}

/** Puts the programs of such a folder in the place of a machine's own. */
export async function preferGpiod(machine: LabMachine, folder: string): Promise<void> {
  const libraries = join(folder, LIBRARIES);
  const run = `${join(libraries, 'ld-linux-x86-64.so.2')} --library-path ${libraries}`;
  for (const program of PROGRAMS) {
    const script = `#!/bin/sh\nexec ${run} ${folder}/usr/bin/${program} "$@"\n`;
    await machine.write(`/usr/bin/${program}`, script);
  }
}
