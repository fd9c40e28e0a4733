import { join } from 'node:path';
import { exists } from '../../platform/disk-image.ts';
import { ensureDir, moveAside, writeFileAtomic } from '../../platform/files.ts';
import { runProcess } from '../../platform/process.ts';

const SCRIPT = `#!ipxe
echo
echo crashcart: this machine has nothing to boot yet.
echo Insert an image, or look around here: "help" lists the commands.
shell
`;

const ISOLINUX = `DEFAULT prompt
LABEL prompt
  LINUX /ipxe.lkrn
  INITRD /prompt.ipxe
`;

/** What the medium is made of, by name on it (Debian packages isolinux, syslinux-common, ipxe). */
const PARTS = {
  'isolinux.bin': '/usr/lib/ISOLINUX/isolinux.bin',
  'ldlinux.c32': '/usr/lib/syslinux/modules/bios/ldlinux.c32',
  'ipxe.lkrn': '/usr/lib/ipxe/ipxe.lkrn',
};

/**
 * The boot medium of last resort: a prompt that takes keys and hardly any CPU. Built once into
 * `directory`; resolves with its path. Rejects when a package that it is made of is missing.
 */
export async function buildPromptIso(directory: string): Promise<string> {
  const iso = join(directory, 'prompt-2.iso');
  if (await exists(iso)) return iso;
  for (const path of Object.values(PARTS)) {
    if (await exists(path)) continue;
    throw new Error(`${path} is missing: install isolinux, syslinux-common and ipxe`);
  }
  await ensureDir(directory);
  const texts = { 'prompt.ipxe': SCRIPT, 'isolinux.cfg': ISOLINUX };
  for (const [name, text] of Object.entries(texts)) {
    await writeFileAtomic(join(directory, name), text);
  }
  const grafts = [
    ...Object.entries(PARTS).map(([name, path]) => `${name}=${path}`),
    ...Object.keys(texts).map((name) => `${name}=${join(directory, name)}`),
  ];
  const boot = ['-b', 'isolinux.bin', '-c', 'boot.cat', '-no-emul-boot', '-boot-load-size', '4'];
  // ipxe.lkrn is a link in Debian, and a medium of links does not boot.
  const args = ['-as', 'mkisofs', '-quiet', '-f', '-o', `${iso}.new`, ...boot, '-boot-info-table'];
  await runProcess('xorriso', [...args, '-graft-points', ...grafts]);
  await moveAside(`${iso}.new`, iso);
  return iso;
}
