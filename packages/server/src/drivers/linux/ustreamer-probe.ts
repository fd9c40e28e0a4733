import { basename } from 'node:path';
import type { CaptureProgram } from '../../core/capture.ts';
import { commandOutput } from '../../platform/command-output.ts';
import {
  parseEncoders,
  parseFeatures,
  parseOptions,
  parseVersion,
  type UstreamerProgram,
} from '../../protocols/ustreamer-help.ts';

/** Asks a program for its version, features and options; what it does not tell stays empty. */
export async function probeUstreamer(program: string): Promise<UstreamerProgram> {
  const ask = (option: string) => commandOutput([program, option]).catch(() => '');
  const [version, features, help] = await Promise.all([
    ask('--version'),
    ask('--features'),
    ask('--help'),
  ]);
  const options = parseOptions(help);
  return {
    version: parseVersion(version),
    features: parseFeatures(features),
    // The options of a wrapper such as /usr/bin/nice say nothing about the program behind it.
    options: options.has('unix') ? options : new Set(),
    encoders: parseEncoders(help),
  };
}

/** As GET /info tells of it. */
export function captureProgramOf(
  program: string,
  { version, features }: UstreamerProgram,
): CaptureProgram {
  return { app: basename(program), version, features };
}
