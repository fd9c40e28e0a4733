import { knowsOption, optionOf, type UstreamerProgram } from '../../protocols/ustreamer-help.ts';

/** A program by its absolute path with its arguments. */
export type Command = readonly [string, ...string[]];

/** The placeholders of `kvmd.streamer.cmd`; what has no value takes its option along. */
export interface CommandValues {
  readonly unix: string;
  readonly process_name_prefix: string;
  readonly desired_fps: string;
  readonly quality: string | undefined;
  readonly resolution: string | undefined;
}

/** A command that can be started, and what was left out of it. */
export interface FilledCommand {
  readonly argv: Command;
  /** Options that this version of the program does not have. */
  readonly unknown: readonly string[];
}

const PLACEHOLDER = /\{(\w+)\}/g;
const WORKERS = /^(?:--workers(?:=|$)|-w)/;

/**
 * Puts the values in, leaves out options that the program does not know, and asks for one worker
 * where the command says nothing: with more of them a frame waits for the one before it.
 */
export function fillCommand(
  [program, ...args]: Command,
  values: CommandValues,
  probed: UstreamerProgram,
): FilledCommand {
  const texts = new Map<string, string | undefined>(Object.entries(values));
  const lacks = (argument: string) =>
    [...argument.matchAll(PLACEHOLDER)].some(([, name = '']) => texts.get(name) === undefined);
  const filled: string[] = [];
  const unknown: string[] = [];
  for (const argument of args) {
    const option = optionOf(argument);
    if (option !== undefined && !knowsOption(probed, option)) unknown.push(`--${option}`);
    else if (!lacks(argument)) {
      filled.push(argument.replace(PLACEHOLDER, (_, name: string) => texts.get(name) ?? ''));
    }
  }
  if (probed.options.has('workers') && !filled.some((argument) => WORKERS.test(argument))) {
    filled.push('--workers=1');
  }
  return { argv: [program, ...filled], unknown };
}
