import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';

/** A folder as an archive that Linux unpacks at its start; later files replace earlier ones. */
export function initramfsOf(folder: string) {
  const input = execFileSync('find', ['.'], { cwd: folder });
  const options = { cwd: folder, input, maxBuffer: 256 << 20 };
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], options);
  return gzipSync(archive, { level: 1 });
}
