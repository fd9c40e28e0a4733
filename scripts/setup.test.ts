import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { checkNode, missingPackages, ROOT, SetupError } from './setup.mjs';

describe('setup', () => {
  it('refuses a Node that is too old and takes newer ones', () => {
    expect(() => checkNode('20.18.9')).toThrow(SetupError);
    expect(() => checkNode('18.20.0')).toThrow('20.19 or newer; this is 18.20.0');
    for (const version of ['20.19.0', '20.20.2', '22.0.0']) checkNode(version);
  });

  it('tells installed Debian packages from missing ones', () => {
    expect(missingPackages(['bash', 'no-such-package-of-debian', 'coreutils'])).toEqual([
      'no-such-package-of-debian',
    ]);
  });

  it('prints the exact command and stops when it may not install', () => {
    const script = `
      import { setUp, orStop } from './scripts/setup.mjs';
      process.getuid = () => 1000;
      process.env.PATH = process.env.ONLY_DPKG;
      orStop(() => setUp(['bash', 'no-such-package-of-debian']));`;
    const result = spawnSync('bash', ['-c', STOPPED], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, SCRIPT: script },
    });
    expect(result.stderr).toContain(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends no-such-package-of-debian\n',
    );
    expect(result.status).toBe(1);
  });
});

/** A PATH with dpkg-query and no sudo. */
const STOPPED = `dir=$(mktemp -d); ln -s "$(command -v dpkg-query)" "$dir"; export ONLY_DPKG="$dir"
"${process.execPath}" --input-type=module -e "$SCRIPT"; code=$?; rm -r "$dir"; exit $code`;
