import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testGuest } from './guest.ts';

/** What the medium's boot loader says on the serial line at once, long before its Linux starts. */
export const TEST_ISO_BANNER = /ISOLINUX /;

const ISOLINUX = '/usr/lib/ISOLINUX/isolinux.bin';
const LDLINUX = '/usr/lib/syslinux/modules/bios/ldlinux.c32';
const HYBRID = '/usr/lib/ISOLINUX/isohdpfx.bin';

/**
 * Writes an image to `path` that boots the test guest under BIOS, as a CD-ROM and as a flash drive:
 * its shell is on the screen and on the serial line 8 s after the reset. 13 MB, as Linux and its
 * modules are. A guest that mounts it finds `hello.txt`; `more` are files of its own, as an archive.
 */
export function buildTestIso(path: string, more = Buffer.alloc(0)): void {
  const { kernel, initrd, append } = testGuest();
  const folder = mkdtempSync(join(tmpdir(), 'cc-iso-'));
  const config = `SERIAL 0 115200
DEFAULT guest
LABEL guest
  LINUX /vmlinuz
  INITRD /initrd.gz
  APPEND ${append}
`;
  try {
    writeFileSync(join(folder, 'isolinux.cfg'), config);
    writeFileSync(join(folder, 'initrd.gz'), Buffer.concat([readFileSync(initrd), more]));
    writeFileSync(join(folder, 'hello.txt'), 'hello from the test medium\n');
    const grafts = {
      'isolinux.bin': ISOLINUX,
      'ldlinux.c32': LDLINUX,
      vmlinuz: kernel,
      'initrd.gz': join(folder, 'initrd.gz'),
      'isolinux.cfg': join(folder, 'isolinux.cfg'),
      'hello.txt': join(folder, 'hello.txt'),
    };
    const boot = ['-b', 'isolinux.bin', '-c', 'boot.cat', '-no-emul-boot', '-boot-load-size', '4'];
    const args = ['-as', 'mkisofs', '-quiet', '-r', '-o', path, ...boot, '-boot-info-table'];
    const files = Object.entries(grafts).map(([name, file]) => `${name}=${file}`);
    execFileSync('xorriso', [...args, '-isohybrid-mbr', HYBRID, '-graft-points', ...files], {
      stdio: 'pipe',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
