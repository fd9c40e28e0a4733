/** The preset of the board that PiKVM's file names, `MODEL-VIDEO-BOARD`. */
export function pikvmPlatformName(text: string): string {
  const names = parsePlatformFile(text);
  return ['PIKVM_MODEL', 'PIKVM_VIDEO', 'PIKVM_BOARD'].map((name) => names.get(name)).join('-');
}

/**
 * The assignments `PIKVM_NAME=value` of PiKVM's shell-style file that says which board this is; quotes
 * around a value are removed.
 */
export function parsePlatformFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?(PIKVM_\w+)=(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const value = match[2].trim();
    found.set(match[1], /^(["'])(.*)\1$/.exec(value)?.[2] ?? value);
  }
  return found;
}
