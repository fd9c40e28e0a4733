#!/usr/bin/env node
/**
 * Builds the small Linux guest that tests boot: Debian's kernel and an initramfs of busybox and the
 * modules of the virtual machine.
 *
 * Prints the path of `guest.json`: {version, kernel, initrd, append}. A second run does nothing.
 * Needs busybox-static, cpio and what debian-kernel.mjs needs.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianKernel, modulePaths, packInitramfs, run } from './debian-kernel.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache', 'guest');
const manifest = join(cache, 'guest.json');

/** Loaded in this order by the guest; what they depend on comes along. */
const MODULES = [
  'evdev',
  'button',
  'xhci_pci',
  'usbhid',
  'hid_generic',
  'ahci',
  'ata_piix',
  'sd_mod',
  'sr_mod',
  'usb_storage',
  'uas',
];
/** Shipped, but loaded only when the guest is told to. */
const EXTRA_MODULES = [
  'isofs',
  'vfat',
  'ext4',
  'bochs',
  'pcspkr',
  'snd_hda_codec_generic',
  'snd_hda_intel',
  'snd_pcm_oss',
];

const INITTAB = `::sysinit:/etc/rc
ttyS0::respawn:-/bin/sh
tty1::respawn:-/bin/sh
::ctrlaltdel:/bin/true
`;

const RC = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
for module in ${MODULES.join(' ')}; do modprobe $module; done
case " $(cat /proc/cmdline) " in *" framebuffer "*) modprobe bochs;; esac
power-watch &
# The USB devices come one after another.
for try in $(seq 50); do
  [ $(cat /sys/class/input/event*/device/name | grep -c 'QEMU USB') -ge 3 ] && break
  usleep 100000
done
stty -F /dev/ttyS0 -echo
echo 'crashcart test guest is ready' > /dev/ttyS0
echo 'crashcart test guest is ready' > /dev/tty1
`;

/** Switches off when the power button is pressed, unless /ignore-power exists. */
const POWER_WATCH = `#!/bin/sh
for name in /sys/class/input/event*/device/name; do
  [ "$(cat $name)" = 'Power Button' ] && device=/dev/input/$(basename $(dirname $(dirname $name)))
done
while dd if=$device of=/dev/null bs=24 count=1 2>/dev/null; do
  echo 'power button' > /dev/ttyS0
  [ -e /ignore-power ] || poweroff -f
done
`;

/** Prints \`EV <device> sec 0 usec 0 type code value\` for each event of the USB input devices. */
const EVENTS = `#!/bin/sh
for name in /sys/class/input/event*/device/name; do
  case "$(cat $name)" in *'USB Keyboard'*) tag=keyboard;; *'USB Tablet'*) tag=tablet;;
    *'USB Mouse'*) tag=mouse;; *) continue;; esac
  event=$(basename $(dirname $(dirname $name)))
  # Opened here, so that no event is missed after the announcement.
  exec 3< /dev/input/$event
  # hexdump drops blanks at the end of a repeated format.
  hexdump -v -e '"EV '$tag' " 4/4 "%u " " " 1/2 "%u" " " 1/2 "%u" " " 1/4 "%d\\n"' <&3 &
  echo "watching $tag"
done
echo 'watching all'
wait
`;

/** Plays 500 Hz for so many seconds on the sound card: half waves of 8 samples, 8000 a second. */
const TONE = `#!/bin/sh
# The card gives up where its codec's module is not there first.
for module in snd_hda_codec_generic snd_hda_intel snd_pcm_oss; do modprobe $module; done
for try in $(seq 50); do [ -e /dev/dsp ] && break; usleep 100000; done
high='\\310\\310\\310\\310\\310\\310\\310\\310' low='\\070\\070\\070\\070\\070\\070\\070\\070'
yes $(printf "$high$low") | tr -d '\\n' | head -c $(($1 * 8000)) > /dev/dsp
echo 'tone played'
`;

/** Sounds the speaker: frequency in Hz, time in ms, which Linux takes below 2000 only. */
const BEEP = `#!/bin/sh
modprobe pcspkr
printf "\\033[10;$1]\\033[11;$2]\\007" > /dev/tty1
`;

const PROFILE = `export PS1='guest# ' PATH=/bin:/sbin
`;

function buildInitramfs(kernel, target) {
  const image = join(cache, 'initramfs');
  rmSync(image, { recursive: true, force: true });
  for (const path of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'mnt', 'root']) {
    mkdirSync(join(image, path), { recursive: true });
  }
  cpSync('/bin/busybox', join(image, 'bin', 'busybox'));
  for (const path of modulePaths(kernel, [...MODULES, ...EXTRA_MODULES])) {
    const inside = path.slice(path.indexOf('/lib/modules/'));
    mkdirSync(dirname(join(image, inside)), { recursive: true });
    cpSync(path, join(image, inside));
  }
  run('/sbin/depmod', ['-b', image, kernel.release], { stdio: 'ignore' });
  const scripts = {
    'etc/rc': RC,
    'bin/power-watch': POWER_WATCH,
    'bin/events': EVENTS,
    'bin/tone': TONE,
    'bin/beep': BEEP,
  };
  const init = '#!/bin/busybox sh\n/bin/busybox --install -s /bin\nexec /bin/busybox init\n';
  for (const [path, text] of Object.entries({ ...scripts, init })) {
    writeFileSync(join(image, path), text);
    chmodSync(join(image, path), 0o755);
  }
  writeFileSync(join(image, 'etc', 'inittab'), INITTAB);
  writeFileSync(join(image, 'etc', 'profile'), PROFILE);
  packInitramfs(image, target);
  rmSync(image, { recursive: true });
}

function build() {
  const kernel = debianKernel();
  const script = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  const version = `${kernel.release} ${kernel.version} ${script.digest('hex').slice(0, 12)}`;
  if (existsSync(manifest)) {
    const built = JSON.parse(readFileSync(manifest, 'utf8'));
    if (built.version === version && existsSync(built.kernel) && existsSync(built.initrd)) return;
  }
  mkdirSync(cache, { recursive: true });
  const initrd = join(cache, 'initrd.gz');
  buildInitramfs(kernel, initrd);
  const append = 'console=tty1 quiet loglevel=1 mitigations=off';
  const guest = { version, kernel: kernel.image, initrd, append };
  writeFileSync(`${manifest}.new`, `${JSON.stringify(guest, undefined, 2)}\n`);
  renameSync(`${manifest}.new`, manifest);
}

build();
console.log(manifest);
