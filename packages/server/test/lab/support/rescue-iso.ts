import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testGuest } from '../../support/guest.ts';
import { initramfsOf } from '../../support/initramfs.ts';

/** What its menu offers; the first is chosen at the start. */
export const MENU = ['Boot from local disk', 'Rescue system'] as const;

/** Of the rescue system's shell, for who reads the screen. */
export const PROMPT = 'rescue';

/** Linux writes on the screen that the firmware has set up, without a cursor that blinks. */
const GRUB = `insmod all_video
set gfxpayload=keep
set timeout=-1
menuentry "${MENU[0]}" {
  exit
}
menuentry "${MENU[1]}" {
  linux /vmlinuz console=tty1 quiet loglevel=1 mitigations=off vt.global_cursor_default=0
  initrd /initrd.gz
}
`;

/** Everything that a typed line needs: no waiting for devices that only QEMU has. */
const RC = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
for module in evdev xhci_pci usbhid hid_generic sd_mod sr_mod usb_storage; do modprobe $module; done
clear > /dev/tty1
`;

const INITTAB = '::sysinit:/etc/rc\ntty1::respawn:-/bin/sh\n';
const PROFILE = `export PS1='${PROMPT}# ' PATH=/bin:/sbin\n`;

/** Prints where the absolute mouse points, once it has been moved: \`axis N is at V\`. */
const POINTER = `#!/bin/sh
for name in /sys/class/input/event*/device/name; do
  device=$(dirname $name)
  [ -e $device/capabilities/abs ] && [ "$(cat $device/capabilities/abs)" != 0 ] || continue
  event=/dev/input/$(basename $(dirname $device))
done
echo "watching the pointer"
# Two axes and the end of the report, 24 bytes each (Linux Documentation/input/input.rst).
head -c 72 $event | hexdump -v -e '4/4 "%u " " " 1/2 "%u" " " 1/2 "%u" " " 1/4 "%d\\n"' |
  while read seconds high micros low type code value; do
    [ $type = 3 ] && echo "axis $code is at $value"
  done
`;

/** Writes an image that boots a small Linux by UEFI, from a menu that waits for ever. */
export function buildRescueIso(path: string): void {
  const { kernel, initrd } = testGuest();
  const folder = mkdtempSync(join(tmpdir(), 'cc-rescue-'));
  const [tree, layer] = [join(folder, 'tree'), join(folder, 'layer')];
  try {
    for (const each of ['etc', 'bin']) mkdirSync(join(layer, each), { recursive: true });
    writeFileSync(join(layer, 'etc/rc'), RC, { mode: 0o755 });
    writeFileSync(join(layer, 'etc/inittab'), INITTAB);
    writeFileSync(join(layer, 'etc/profile'), PROFILE);
    writeFileSync(join(layer, 'bin/pointer'), POINTER, { mode: 0o755 });
    mkdirSync(join(tree, 'boot/grub'), { recursive: true });
    cpSync(kernel, join(tree, 'vmlinuz'));
    const initramfs = Buffer.concat([readFileSync(initrd), initramfsOf(layer)]);
    writeFileSync(join(tree, 'initrd.gz'), initramfs);
    writeFileSync(join(tree, 'boot/grub/grub.cfg'), GRUB);
    execFileSync('grub-mkrescue', ['-o', path, '-d', '/usr/lib/grub/x86_64-efi', tree], {
      stdio: 'pipe',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
