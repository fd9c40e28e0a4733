import { parseArgs } from 'node:util';
import { UsageError } from './io.ts';

/** What `crashcart run` was told. */
export interface RunArgs {
  readonly help: boolean;
  /** State directory; undefined: the default place. */
  readonly state: string | undefined;
  /** Configuration file. */
  readonly config: string | undefined;
  /** PiKVM's override.yaml. */
  readonly pikvmConfig: string | undefined;
  /** Overlay for the configuration, in its own keys. */
  readonly flags: object;
}

const OPTIONS = {
  port: { type: 'string' },
  listen: { type: 'string' },
  state: { type: 'string' },
  config: { type: 'string' },
  'pikvm-config': { type: 'string' },
  platform: { type: 'string' },
  'no-machine': { type: 'boolean' },
  memory: { type: 'string' },
  cpus: { type: 'string' },
  net: { type: 'string' },
  'plain-http': { type: 'string' },
  unix: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function whole(name: string, text: string | undefined, min: number, max: number) {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}

function oneOf(name: string, text: string | undefined, allowed: readonly string[]) {
  if (text === undefined || allowed.includes(text)) return text;
  throw new UsageError(`--${name} takes ${allowed.join(' or ')}, not "${text}"`);
}

function filled(name: string, text: string | undefined): string | undefined {
  if (text === '') throw new UsageError(`--${name} needs a value`);
  return text;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new UsageError(`${text}. \`npm start -- --help\` lists the options.`);
  }
}

/** Reads the options of `crashcart run`; throws UsageError that says what is allowed. */
export function parseRunArgs(argv: readonly string[]): RunArgs {
  const values = parse(argv);
  const plainHttp = whole('plain-http', values['plain-http'], 0, 65_535);
  const disabled = { type: 'disabled' };
  const unix = filled('unix', values.unix);
  const parts = values['no-machine']
    ? { hid: disabled, atx: disabled, msd: disabled, streamer: disabled }
    : {};
  return {
    help: values.help ?? false,
    state: filled('state', values.state),
    config: filled('config', values.config),
    pikvmConfig: filled('pikvm-config', values['pikvm-config']),
    flags: {
      platform: filled('platform', values.platform),
      server: {
        port: whole('port', values.port, 0, 65_535),
        listen: filled('listen', values.listen),
        http: plainHttp === undefined ? undefined : { enabled: true, port: plainHttp },
      },
      kvmd: { ...parts, server: unix === undefined ? undefined : { unix } },
      qemu: {
        memory: whole('memory', values.memory, 64, 1_048_576),
        cpus: whole('cpus', values.cpus, 1, 64),
        net: oneOf('net', values.net, ['none', 'user']),
      },
    },
  };
}
