/** What a µStreamer binary can do, from what it prints about itself. */
export interface UstreamerProgram {
  /** As `--version` prints it: `4.9`, `6.62`. */
  readonly version: string;
  /** `--features`: WITH_GPIO and the like. */
  readonly features: Readonly<Record<string, boolean>>;
  /** Long options of `--help` without dashes; empty when it could not be asked. */
  readonly options: ReadonlySet<string>;
  /** Values of `--encoder`, in capitals; empty when it does not list them. */
  readonly encoders: ReadonlySet<string>;
}

/** Reads `--features`: lines of `+ NAME` (built in) and `- NAME`. */
export function parseFeatures(text: string): Readonly<Record<string, boolean>> {
  const found = text.matchAll(/^\s*([+-])\s+([A-Z][A-Z0-9_]*)\s*$/gm);
  return Object.fromEntries([...found].map(([, sign, name = '']) => [name, sign === '+']));
}

/** Reads `--version`: the first line that looks like one; '' when there is none. */
export function parseVersion(text: string): string {
  return /^\s*(\d+(?:\.\d+)+)\s*$/m.exec(text)?.[1] ?? '';
}

/** Reads `--help`: every line that begins with an option names one, after its short form. */
export function parseOptions(text: string): ReadonlySet<string> {
  const found = text.matchAll(/^\s+(?:-\w\|)?--([a-z\d][a-z\d-]*)/gm);
  return new Set([...found].map(([, name = '']) => name));
}

/** Reads what `--help` lists below `--encoder`, up to an empty line: `* CPU  ── Software …`. */
export function parseEncoders(text: string): ReadonlySet<string> {
  const [, list = ''] = /^\s+(?:-\w\|)?--encoder [^\n]*\n(.*?)\n\s*\n/ms.exec(text) ?? [];
  return new Set([...list.matchAll(/^\s+\* ([A-Z\d-]+)\s/gm)].map(([, name = '']) => name));
}

/** The long option that an argument is, without dashes and value; undefined for anything else. */
export function optionOf(argument: string): string | undefined {
  return /^--([a-z\d][a-z\d-]*)(?:=|$)/.exec(argument)?.[1];
}

/** Whether an argument asks for an encoder that the program does not list. */
export function asksUnknownEncoder({ encoders }: UstreamerProgram, argument: string): boolean {
  const name = /^--encoder=(.+)$/.exec(argument)?.[1];
  return name !== undefined && encoders.size > 0 && !encoders.has(name.toUpperCase());
}

/** Whether the program knows a long option; getopt takes the beginning of one as well. */
export function knowsOption({ options }: UstreamerProgram, name: string): boolean {
  if (options.size === 0 || options.has(name)) return true;
  return [...options].some((option) => option.startsWith(name));
}
