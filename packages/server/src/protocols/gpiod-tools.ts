/**
 * The command lines of libgpiod's programs and what they print, versions 1.6 and 2.x. They differ in
 * nearly everything; what a version may lack is told by its own help, not by its number.
 */

/** What the programs of this system can do. */
export interface GpiodDialect {
  readonly major: 1 | 2;
  /** For instance `1.6.3`. */
  readonly version: string;
  /** Whether gpioset takes new levels while it holds its lines (2.x, where it was built with that). */
  readonly isInteractive: boolean;
}

/** What the programs tell of a line. */
export interface GpiodLine {
  readonly offset: number;
  /** Empty when it has none. */
  readonly name: string;
  /** Who has it; undefined when nobody. */
  readonly user: string | undefined;
}

/** A program with its arguments. */
export type GpiodCommand = readonly [string, ...string[]];

/** Who we are in the lists of others; programs of 1.6 give their own names instead. */
const CONSUMER = 'crashcart';
/** What an interactive gpioset prints before it reads a command. */
const PROMPT = 'gpioset> ';

const VERSION = /^gpioset \(libgpiod\) v(([12])\.\d[\w.+~-]*)/m;
/** `gpiochip0 [label] (54 lines)`, of gpiodetect. */
const CHIP = /^(\S+) \[(.*)\] \(\d+ lines?\)$/gm;
/** `line   4:  "NAME"  "user"  input  active-high [used]` of 1.6, ` … input consumer="user"` of 2.x. */
const LINE =
  /^\s*line\s+(\d+):\s+(?:"([^"]*)"|unnamed)\s+(?:"([^"]*)"|(unused|kernel|\?))?\s*\b(?:in|out)put\b(.*)$/gm;
/** 2.2 leaves the quotes out where the line has no name; it is the last of the attributes. */
const USER = /\bconsumer=(?:"([^"]*)"|(.*\S))/;
const EDGE = /^(\d{1,9}) ([01]|rising|falling)$/;
const SET_LINE = /^"?(\d+)"?=(active|inactive)$/;

/** What `gpioset --version` and `gpioset --help` say; undefined for versions that are not known. */
export function parseDialect(version: string, help: string): GpiodDialect | undefined {
  const found = VERSION.exec(version);
  if (!found?.[1]) return undefined;
  return {
    major: found[2] === '1' ? 1 : 2,
    version: found[1],
    isInteractive: /--interactive\b/.test(help),
  };
}

/** The chips by their labels, of gpiodetect. */
export function parseChips(output: string): ReadonlyMap<string, string> {
  return new Map([...output.matchAll(CHIP)].map(([, name = '', label = '']) => [label, name]));
}

/** The lines of a chip, of gpioinfo. */
export function parseLines(output: string): readonly GpiodLine[] {
  return [...output.matchAll(LINE)].map(([, offset, name, consumer, word, flags = '']) => {
    const [, quoted, plain] = USER.exec(flags) ?? [];
    const user = consumer ?? quoted ?? plain;
    const isUsed = user !== undefined || word === 'kernel' || flags.includes('[used');
    return {
      offset: Number(offset),
      name: name ?? '',
      user: isUsed ? user || 'kernel' : undefined,
    };
  });
}

/** The levels that gpioget printed, in the order of its arguments; undefined when it did not. */
export function parseLevels(output: string, count: number): readonly boolean[] | undefined {
  const words = output.trim().split(/\s+/);
  if (words.length !== count || words.some((word) => word !== '0' && word !== '1'))
    return undefined;
  return words.map((word) => word === '1');
}

/** One edge of gpiomon in the format that we ask for; undefined for any other line. */
export function parseEdge(text: string): readonly [offset: number, level: boolean] | undefined {
  const [, offset, edge] = EDGE.exec(text) ?? [];
  return offset === undefined ? undefined : [Number(offset), edge === '1' || edge === 'rising'];
}

/** The level of a line as an interactive gpioset tells it after `get`; undefined for other lines. */
export function parseSetLine(text: string): readonly [offset: number, level: boolean] | undefined {
  const [, offset, level] = SET_LINE.exec(text.replaceAll(PROMPT, '').trim()) ?? [];
  return offset === undefined ? undefined : [Number(offset), level === 'active'];
}

/** What an interactive gpioset is told to drive a line and then say so. */
export function setCommand(offset: number, level: boolean): string {
  return `set ${offset}=${Number(level)}\nget ${offset}\n`;
}

type Levels = ReadonlyMap<number, boolean>;

/** The commands for lines of a chip. */
export const GPIOD_COMMANDS = {
  /** Tells all lines. */
  info: ({ major }: GpiodDialect, chip: string): GpiodCommand =>
    major === 1 ? ['gpioinfo', chip] : ['gpioinfo', '--chip', chip],

  /** Tells the levels of free lines, which become inputs. */
  get: ({ major }: GpiodDialect, chip: string, offsets: readonly number[]): GpiodCommand => [
    ...(major === 1
      ? (['gpioget', chip] as const)
      : (['gpioget', '--numeric', '--consumer', CONSUMER, '--chip', chip] as const)),
    ...offsets.map(String),
  ],

  /** Tells the edges of inputs until it is ended. */
  watch: ({ major }: GpiodDialect, chip: string, offsets: readonly number[]): GpiodCommand => [
    ...(major === 1
      ? (['gpiomon', '--line-buffered', '--format=%o %e', chip] as const)
      : (['gpiomon', '--format=%o %E', '--consumer', CONSUMER, '--chip', chip] as const)),
    ...offsets.map(String),
  ],

  /** Holds outputs at levels until it is ended; an interactive one also takes commands. */
  hold: ({ major, isInteractive }: GpiodDialect, chip: string, levels: Levels): GpiodCommand => [
    'gpioset',
    ...(isInteractive ? ['--interactive'] : []),
    ...(major === 1 ? ['--mode=signal', chip] : ['--consumer', CONSUMER, '--chip', chip]),
    ...assignments(levels),
  ],

  /** Sets outputs and lets them go at once. */
  set: ({ major }: GpiodDialect, chip: string, levels: Levels): GpiodCommand => [
    'gpioset',
    ...(major === 1
      ? ['--mode=exit', chip]
      : ['--toggle', '0', '--consumer', CONSUMER, '--chip', chip]),
    ...assignments(levels),
  ],
} as const;

function assignments(levels: Levels): readonly string[] {
  return [...levels].map(([offset, level]) => `${offset}=${Number(level)}`);
}
