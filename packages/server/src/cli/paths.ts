import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { htpasswdFileOf } from '../auth-services.ts';
import { loadConfig } from '../config/load.ts';
import { listFiles, readText } from '../platform/files.ts';

/** Where configuration is looked for without --config. */
export const CONFIG_DIR = '/etc/crashcart';

/** Where state is kept unless --state says otherwise: $XDG_STATE_HOME/crashcart. */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_STATE_HOME;
  // The XDG specification says that a relative path is to be ignored.
  return join(base?.startsWith('/') ? base : join(homedir(), '.local/state'), 'crashcart');
}

/** What --config and --pikvm-config name. */
export function configSources(config: string | undefined, pikvm: string | undefined) {
  const own = config === undefined ? { dir: CONFIG_DIR } : { file: resolve(config) };
  return pikvm === undefined ? own : { ...own, pikvm: resolve(pikvm) };
}

/** Takes `--NAME VALUE` or `--NAME=VALUE` out of arguments. */
function takeOption(argv: readonly string[], name: string) {
  const at = argv.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  const arg = argv[at];
  if (arg === undefined) return { value: undefined, rest: argv };
  const width = arg === name ? 2 : 1;
  const value = width === 2 ? argv[at + 1] : arg.slice(name.length + 1);
  return { value, rest: [...argv.slice(0, at), ...argv.slice(at + width)] };
}

/**
 * The configuration and the files that other commands work on, by --state, --config and
 * --pikvm-config; `rest` is theirs.
 */
export async function commandFiles(argv: readonly string[]) {
  const state = takeOption(argv, '--state');
  const file = takeOption(state.rest, '--config');
  const pikvm = takeOption(file.rest, '--pikvm-config');
  const stateDir = resolve(state.value ?? defaultStateDir());
  const sources = configSources(file.value, pikvm.value);
  const { config } = await loadConfig(sources, { readText, listFiles });
  return {
    rest: pikvm.rest,
    config,
    stateDir,
    htpasswdFile: htpasswdFileOf(config.kvmd.auth, stateDir),
    totpFile: config.kvmd.auth.totp.secret.file || join(stateDir, 'totp.secret'),
  };
}
