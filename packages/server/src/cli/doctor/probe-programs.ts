import { commandOutput } from '../../platform/command-output.ts';
import { isInstalled } from '../../platform/node-package.ts';
import { parseVersion } from '../../protocols/ustreamer-help.ts';
import type { BoxPrograms } from './box.ts';

/** How programs tell their version. */
const VERSIONS = {
  ustreamer: ['ustreamer', '--version'],
  ffmpeg: ['ffmpeg', '-version'],
  tesseract: ['tesseract', '--version'],
  'qemu-system-x86_64': ['qemu-system-x86_64', '--version'],
} as const;
/** A board of 512 MiB that does other things is slow to start them. */
const SLOW_MS = 10_000;

/** The programs of this computer, each with its version. */
export async function installedPrograms(): Promise<BoxPrograms> {
  const found = await Promise.all(
    Object.entries(VERSIONS).map(async ([name, argv]) => {
      const text = await commandOutput(argv, { timeoutMs: SLOW_MS }).catch(() => undefined);
      if (text === undefined) return [];
      return [[name, parseVersion(text) || (/(\d+(?:\.\d+)+)/.exec(text)?.[1] ?? '')] as const];
    }),
  );
  return new Map(found.flat());
}

/** The optional packages that are installed beside the server. */
export function installedPackages(): readonly string[] {
  return ['koffi', 'node-av'].filter(isInstalled);
}
