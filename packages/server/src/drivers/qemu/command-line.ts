/** Acceleration that QEMU can use. */
export type Acceleration = 'kvm' | 'tcg';

/** Where a machine's sockets and files are. */
export interface QemuPaths {
  readonly qmp: string;
  readonly vnc: string;
  readonly serial: string;
  readonly disk: string;
  readonly pidFile: string;
  /** What QEMU traces. */
  readonly log: string;
}

/** What the virtual hardware is. */
export interface QemuHardware {
  readonly memoryMib: number;
  readonly cpus: number;
  /** `user`: the guest reaches the network, and this host's loopback at 10.0.2.2. */
  readonly net: 'none' | 'user';
  readonly accel: Acceleration;
  /** The medium that boots when nothing else does. */
  readonly promptIso: string | undefined;
  /** Boots a Linux kernel directly instead of the disks. */
  readonly linux:
    | { readonly kernel: string; readonly initrd: string; readonly append: string }
    | undefined;
  /** A sound card and the speaker, heard over VNC. */
  readonly sound: boolean;
  readonly extraArgs: readonly string[];
}

/** Ids of the input devices, by which they are unplugged and plugged. */
export const INPUT_DEVICES = { keyboard: 'usb-kbd', tablet: 'usb-tablet', mouse: 'usb-mouse' };

/** A comma in an option's value is doubled (QEMU manual, "-drive"). */
function quote(value: string): string {
  return value.replaceAll(',', ',,');
}

function boot({ promptIso, linux }: QemuHardware): string[] {
  if (linux) return ['-kernel', linux.kernel, '-initrd', linux.initrd, '-append', linux.append];
  if (promptIso === undefined) return [];
  return [
    ...['-drive', `if=none,id=prompt,format=raw,readonly=on,file=${quote(promptIso)}`],
    ...['-device', 'ide-cd,bus=ide.1,drive=prompt,bootindex=9'],
  ];
}

/** What is played goes nowhere but to who listens over VNC. */
const SOUND = [
  ...['-audiodev', 'none,id=sound', '-device', 'ich9-intel-hda,id=hda'],
  ...['-device', 'hda-output,bus=hda.0,audiodev=sound'],
];

/**
 * Arguments for QEMU. It outlives its guest, and runs at once: a start that waited for our word
 * would leave a machine off for ever when we are killed before we give it.
 */
export function qemuArguments(paths: QemuPaths, hardware: QemuHardware): string[] {
  const { accel, memoryMib, cpus, net, sound } = hardware;
  const inputs = Object.entries(INPUT_DEVICES).flatMap(([id, driver]) => [
    '-device',
    `${driver},id=${id},bus=xhci.0`,
  ]);
  return [
    ...(sound ? SOUND : []),
    ...[
      '-machine',
      sound ? 'q35,pcspk-audiodev=sound' : 'q35',
      '-accel',
      accel,
      '-cpu',
      accel === 'kvm' ? 'host' : 'max',
    ],
    ...['-m', String(memoryMib), '-smp', String(cpus), '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-vga', 'std', '-pidfile', paths.pidFile],
    ...['-action', 'shutdown=pause,reboot=reset,panic=pause', '-msg', 'timestamp=on'],
    ...['-D', paths.log],
    ...['-qmp', `unix:${quote(paths.qmp)},server=on,wait=off`],
    ...[
      '-vnc',
      `unix:${quote(paths.vnc)},lossy=on,power-control=on${sound ? ',audiodev=sound' : ''}`,
    ],
    ...['-serial', `unix:${quote(paths.serial)},server=on,wait=off`],
    // With the usual four ports QEMU puts a slow hub before the drive, at which a guest that looks
    // away for a moment misses a drive that is plugged.
    ...['-device', 'qemu-xhci,id=xhci,p2=8,p3=8', ...inputs],
    ...['-drive', `if=none,id=disk,format=raw,discard=unmap,file=${quote(paths.disk)}`],
    ...['-device', 'ide-hd,bus=ide.0,drive=disk,bootindex=5'],
    ...(net === 'user' ? ['-nic', 'user,model=e1000e'] : ['-nic', 'none']),
    ...boot(hardware),
    ...hardware.extraArgs,
  ];
}
