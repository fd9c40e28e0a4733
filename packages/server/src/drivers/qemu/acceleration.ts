import { join } from 'node:path';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { exists } from '../../platform/disk-image.ts';
import { ensureDir, readText, writeFileAtomic } from '../../platform/files.ts';
import { spawnProcess } from '../../platform/process.ts';
import type { Acceleration } from './command-line.ts';

/** How long a guest under KVM may take to reach its boot medium, ms; it takes 0.3 s where KVM works. */
const PROBE_MS = 4000;

async function guestStarts(program: string, promptIso: string): Promise<boolean> {
  const qemu = await spawnProcess(program, [
    ...['-machine', 'q35', '-accel', 'kvm', '-cpu', 'host', '-m', '128', '-nodefaults'],
    ...['-display', 'none', '-chardev', 'stdio,id=log'],
    ...['-device', 'isa-debugcon,iobase=0x402,chardev=log'],
    ...['-drive', `if=none,id=cd,format=raw,readonly=on,file=${promptIso.replaceAll(',', ',,')}`],
    ...['-device', 'ide-cd,drive=cd,bootindex=0'],
  ]);
  const end = AbortSignal.timeout(PROBE_MS);
  const ended = qemu.exit.then(() => true);
  try {
    while (!end.aborted) {
      if (qemu.lastLines.some((line) => line.includes('Booting from'))) return true;
      if (await Promise.race([ended, sleep(50).then(() => false)])) return false;
    }
    return false;
  } finally {
    qemu.kill('SIGKILL');
    await qemu.exit;
  }
}

/**
 * KVM where a guest really starts under it, else TCG: that /dev/kvm exists proves nothing. The
 * answer is kept in `directory`; removing `acceleration` there makes it ask anew.
 */
export async function probeAcceleration(
  program: string,
  promptIso: string,
  directory: string,
  log: Log,
): Promise<Acceleration> {
  if (!(await exists('/dev/kvm'))) return 'tcg';
  const path = join(directory, 'acceleration');
  const known = (await readText(path))?.trim();
  if (known === 'kvm' || known === 'tcg') return known;
  const works = await guestStarts(program, promptIso);
  const accel = works ? 'kvm' : 'tcg';
  log.info({ accel }, works ? 'KVM works' : 'KVM does not work here: the machine is emulated');
  await ensureDir(directory);
  await writeFileAtomic(path, `${accel}\n`);
  return accel;
}
