import {
  asksUnknownEncoder,
  knowsOption,
  optionOf,
  type UstreamerProgram,
} from '../../protocols/ustreamer-help.ts';

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
  /** Options and encoders that this version of the program does not have. */
  readonly unknown: readonly string[];
}

const PLACEHOLDER = /\{(\w+)\}/g;
const WORKERS = /^(?:--workers(?:=|$)|-w)/;
const DROP_SAME = /^(--drop-same-frames=|-e)(\d+)$/;
/** A device that gives pictures is heard of so often, also when they are all the same, ms. */
const HEARD_MS = 70;
/** What a device is taken for that may give as many pictures as it can, pictures a second. */
const USUAL_FPS = 30;

/**
 * Puts the values in, leaves out options and an encoder that the program does not know, and asks for
 * one worker where the command says nothing: with more of them a frame waits for the one before it.
 * So many equal pictures may be dropped that a device which fell silent can be told from a still one.
 */
export function fillCommand(
  [program, ...args]: Command,
  values: CommandValues,
  probed: UstreamerProgram,
): FilledCommand {
  const texts = new Map<string, string | undefined>(Object.entries(values));
  const lacks = (argument: string) =>
    [...argument.matchAll(PLACEHOLDER)].some(([, name = '']) => texts.get(name) === undefined);
  const fps = Number(values.desired_fps) || USUAL_FPS;
  const most = Math.max(0, Math.floor((fps * HEARD_MS) / 1000) - 1);
  const atMost = (count: string) => String(Math.min(Number(count), most));
  const filled: string[] = [];
  const unknown: string[] = [];
  for (const argument of args) {
    const option = optionOf(argument);
    if (option !== undefined && !knowsOption(probed, option)) unknown.push(`--${option}`);
    else if (asksUnknownEncoder(probed, argument)) unknown.push(argument);
    else if (!lacks(argument)) {
      const text = argument.replace(PLACEHOLDER, (_, name: string) => texts.get(name) ?? '');
      filled.push(
        text.replace(DROP_SAME, (_, name: string, count: string) => name + atMost(count)),
      );
    }
  }
  if (probed.options.has('workers') && !filled.some((argument) => WORKERS.test(argument))) {
    filled.push('--workers=1');
  }
  return { argv: [program, ...filled], unknown };
}
