import type { Box } from './box.ts';
import { type Hardware, hardwareOf } from './hardware.ts';

/** What was found of a part: it works, something is missing, or something is worth knowing. */
export interface DoctorFinding {
  readonly part: 'board' | 'video' | 'keyboard' | 'front panel' | 'programs' | 'user' | 'power';
  readonly level: 'ok' | 'missing' | 'note';
  readonly text: string;
  /** What to do, a line each: commands for root, or what to put into which file. */
  readonly remedy?: readonly string[];
}

/** Programs by Debian's package, and what is lacking without. */
const PROGRAMS = {
  ustreamer: ['ustreamer', 'capture devices'],
  ffmpeg: ['ffmpeg', 'H.264 and sound'],
  tesseract: ['tesseract-ocr', 'text recognition'],
} as const;

/** Judges a box; what is missing first matters, then notes. */
export function judge(box: Box): readonly DoctorFinding[] {
  const hardware = hardwareOf(box);
  return [
    boardOf(box, hardware),
    ...videoOf(box, hardware),
    ...keyboardOf(box, hardware),
    ...frontPanelOf(box, hardware),
    ...programsOf(box, hardware),
    ...userOf(box, hardware),
    ...powerOf(box),
  ];
}

function boardOf({ model, hasKvm }: Box, { platform }: Hardware): DoctorFinding {
  const kvm = model === undefined && hasKvm ? ', with KVM for QEMU machines' : '';
  const what = platform === undefined ? 'no hardware for another machine' : `platform ${platform}`;
  return { part: 'board', level: 'ok', text: `${model ?? 'a PC or a container'}${kvm}: ${what}` };
}

/** The lines of a config.txt that are not in it yet. */
function bootLines({ bootConfig }: Box, lines: readonly string[]): readonly string[] {
  const path = bootConfig?.path ?? '/boot/firmware/config.txt';
  const written = new Set(bootConfig?.text.split('\n').map((line) => line.trim()));
  const lacking = lines.filter((line) => !written.has(line));
  if (lacking.length === 0) return ['restart: config.txt has what is needed already'];
  return lacking.map((line) => `add to ${path}, below [all], and restart: ${line}`);
}

function videoOf(box: Box, { chip, grabber, stick, pi }: Hardware): readonly DoctorFinding[] {
  const part = 'video';
  if (chip) {
    const text = `HDMI input at ${chip.node} (${chip.name})`;
    const unseen: DoctorFinding = {
      ...{ part, level: 'note', text: 'a machine sees no display yet' },
      remedy: ['systemctl enable --now crashcart-edid'],
    };
    return [
      { part, level: 'ok', text: `${text}, signal: ${chip.signal}` },
      ...(chip.signal === 'absent' ? [unseen] : []),
    ];
  }
  if (grabber) {
    const { node, name, usbId, formats } = grabber;
    if (stick) {
      const how = `${stick.format} ${stick.resolution}, ${stick.fps} a second`;
      const note = stick.note === undefined ? '' : `; ${stick.note}`;
      return [{ part, level: 'ok', text: `${stick.name} at ${node} (${usbId}), ${how}${note}` }];
    }
    const given = formats.length === 0 ? '' : `; it gives ${formats.join(', ')}`;
    const text = `${node} is "${name}" (${usbId}): a grabber that is not known here, or a webcam${given}`;
    return [{ part, level: 'note', text }];
  }
  const overlay = pi === undefined ? [] : bootLines(box, ['dtoverlay=tc358743', 'gpu_mem=128']);
  return [
    {
      ...{ part, level: 'missing', text: 'there is no capture device' },
      remedy: [
        'plug in an HDMI grabber, best one of docs/capture.md',
        ...overlay.map((line) => `or with an HDMI chip at the camera port, ${line}`),
      ],
    },
  ];
}

function keyboardOf(box: Box, { serialHid, pi, platform }: Hardware): readonly DoctorFinding[] {
  const part = 'keyboard';
  if (serialHid && platform === 'pc') {
    const { node, usbId } = serialHid.port;
    const what =
      serialHid.type === 'ch9329' ? 'a CH9329, if it is no other adapter' : "PiKVM's bridge";
    return [{ part, level: 'ok', text: `${node} (${usbId}): ${what}` }];
  }
  const [udc] = box.udcs;
  if (udc === undefined) {
    const gadget = pi === undefined ? [] : bootLines(box, ['dtoverlay=dwc2,dr_mode=peripheral']);
    const remedy = ['plug in a CH9329 cable (docs/hardware.md)', ...gadget];
    const text = 'there is neither a USB device port nor a keyboard at a serial port';
    return [{ part, level: 'missing', text, remedy: pi === undefined ? remedy : gadget }];
  }
  const ready = { part, level: 'ok', text: `USB device port ${udc}` } as const;
  if (box.offersGadgets) return [ready];
  return [
    ready,
    {
      ...{ part, level: 'missing', text: 'the kernel offers no gadgets yet' },
      remedy: [
        'echo libcomposite > /etc/modules-load.d/crashcart.conf',
        'modprobe libcomposite',
        'systemctl enable --now crashcart-otg',
      ],
    },
  ];
}

function frontPanelOf(box: Box, { platform }: Hardware): readonly DoctorFinding[] {
  const part = 'front panel';
  if (platform === undefined) return [];
  const isWired = platform !== 'pc' && platform !== 'sbc';
  const [first] = box.gpiochips;
  if (!isWired) {
    const text =
      first === undefined
        ? 'there are no lines for power and reset; USB relays and outlets can do it (docs/gpio.md)'
        : `lines of ${box.gpiochips.join(', ')} can be wired to it: kvmd.atx.type gpio`;
    return [{ part, level: 'note', text }];
  }
  if (first !== undefined) return [{ part, level: 'ok', text: `lines of /dev/${first}` }];
  return [{ part, level: 'missing', text: 'the kernel has no lines (gpiochip)' }];
}

function programsOf(box: Box, { platform }: Hardware): readonly DoctorFinding[] {
  const part = 'programs';
  const found = [...box.programs].map(([name, version]) => `${name} ${version}`.trim());
  const lacking = Object.entries(PROGRAMS).filter(([name]) => !box.programs.has(name));
  const isNeeded = platform !== undefined && !box.programs.has('ustreamer');
  const all: DoctorFinding[] = [];
  if (found.length > 0) all.push({ part, level: 'ok', text: found.join(', ') });
  if (lacking.length > 0) {
    const text = lacking.map(([name, [, what]]) => `without ${name}: no ${what}`).join('; ');
    const packages = lacking.map(([, [name]]) => name).join(' ');
    const remedy = [`apt-get install --no-install-recommends ${packages}`];
    all.push({ part, level: isNeeded ? 'missing' : 'note', text, remedy });
  }
  if (!box.packages.includes('koffi')) {
    const text = 'without koffi: no lines, no serial ports, no USB gadget, no EDID';
    const level = platform === undefined ? 'note' : 'missing';
    all.push({ part, level, text, remedy: ['npm install koffi, where crashcart is'] });
  }
  return all;
}

function userOf({ user, gpiochips }: Box, hardware: Hardware): readonly DoctorFinding[] {
  const part = 'user';
  const { name, exists, groups, allGroups } = user;
  if (hardware.platform === undefined) return [];
  if (!exists) {
    const remedy = [
      'systemd-sysusers, with packaging/sysusers.d/crashcart.conf in /etc/sysusers.d',
    ];
    return [{ part, level: 'missing', text: `there is no user ${name} for the service`, remedy }];
  }
  const needed = [
    ...(hardware.chip || hardware.grabber ? ['video'] : []),
    ...(hardware.serialHid ? ['dialout', 'uucp'] : []),
    ...(gpiochips.length > 0 ? ['gpio'] : []),
  ].filter((group) => allGroups.includes(group));
  const lacking = needed.filter((group) => !groups.includes(group));
  if (lacking.length === 0) return [{ part, level: 'ok', text: `${name} may use all of it` }];
  const text = `${name} is not in the group ${lacking.join(', ')}`;
  return [{ part, level: 'missing', text, remedy: [`usermod -aG ${lacking.join(',')} ${name}`] }];
}

function powerOf({ undervoltage, watchdogs }: Box): readonly DoctorFinding[] {
  const part = 'power';
  const all: DoctorFinding[] = [];
  if (undervoltage) {
    const remedy = ['use a better power supply, a shorter cable'];
    all.push({ part, level: 'missing', text: 'the voltage of this board is too low', remedy });
  }
  if (watchdogs.length > 0) {
    const remedy = [
      'in /etc/systemd/system.conf.d/watchdog.conf: [Manager] and RuntimeWatchdogSec=15',
    ];
    const text = `/dev/${watchdogs[0]} can restart a board that hangs, fed by systemd`;
    all.push({ part, level: 'note', text, remedy });
  }
  return all;
}
