import { CAPTURE_STICKS, type CaptureStick } from '../../config/platforms/capture-sticks.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../config/platforms/platforms.ts';
import type { Box, BoxSerial, BoxVideo } from './box.ts';

/** What a box would use. */
export interface Hardware {
  readonly platform: PlatformName | undefined;
  /** The processor board of a Raspberry Pi, as PiKVM names it; '' for another one of them. */
  readonly pi: string | undefined;
  /** The HDMI input of the board. */
  readonly chip: BoxVideo | undefined;
  /** Whether that is PiKVM's, at the camera port, to which a rule of udev gives its name. */
  readonly hasPikvmChip: boolean;
  readonly grabber: BoxVideo | undefined;
  /** What is known of the grabber. */
  readonly stick: CaptureStick | undefined;
  /** A keyboard at a serial port. */
  readonly serialHid: { readonly type: 'ch9329' | 'serial'; readonly port: BoxSerial } | undefined;
}

const BOARDS: readonly (readonly [RegExp, string])[] = [
  [/Raspberry Pi Zero 2/, 'zero2w'],
  [/Raspberry Pi (4|Compute Module 4)/, 'rpi4'],
  [/Raspberry Pi (3|Compute Module 3)/, 'rpi3'],
  [/Raspberry Pi 2/, 'rpi2'],
  [/Raspberry Pi/, ''],
];
/** Drivers and names of picture nodes at a Raspberry Pi's camera port. */
const PIKVM_CHIP = /unicam|tc358743|rp1-cfe/;
/** The USB chips of CH9329 cables, and PiKVM's HID bridge. */
const CH9329_IDS = ['1a86:7523', '1a86:5523', '1a86:e010'];
const BRIDGE_ID = '1209:eda3';

/** Chooses what a box would use, the better first. */
export function hardwareOf(box: Box): Hardware {
  const pi = BOARDS.find(([pattern]) => pattern.test(box.model ?? ''))?.[1];
  const pikvmChip = box.videos.find(({ name, driver }) => PIKVM_CHIP.test(`${name} ${driver}`));
  // Only an HDMI input can be asked what it sees.
  const chip = pikvmChip ?? box.videos.find(({ signal }) => signal !== 'unknown');
  const hasPikvmChip = pikvmChip !== undefined;
  const atUsb = box.videos.filter(({ usbId }) => usbId !== undefined);
  const stickOf = (video: BoxVideo) => CAPTURE_STICKS.find(({ usbId }) => usbId === video.usbId);
  const grabber = chip ? undefined : (atUsb.find(stickOf) ?? atUsb[0]);
  const serialHid = serialHidOf(box.serials);
  return {
    platform: platformOf(box, {
      ...{ pi, hasPikvmChip, serialHid },
      ...{ hasChip: chip !== undefined, hasGrabber: !!grabber },
    }),
    ...{ pi, chip, hasPikvmChip, grabber, serialHid },
    stick: grabber && stickOf(grabber),
  };
}

function serialHidOf(serials: readonly BoxSerial[]): Hardware['serialHid'] {
  const bridge = serials.find(({ usbId }) => usbId === BRIDGE_ID);
  if (bridge) return { type: 'serial', port: bridge };
  const cable = serials.find(({ usbId }) => CH9329_IDS.includes(usbId ?? ''));
  return cable && { type: 'ch9329', port: cable };
}

function platformOf(
  { pikvm, udcs }: Box,
  found: Pick<Hardware, 'pi' | 'serialHid' | 'hasPikvmChip'> & {
    readonly hasChip: boolean;
    readonly hasGrabber: boolean;
  },
): PlatformName | undefined {
  const named = (name: string) => PLATFORM_NAMES.find((each) => each === name);
  if (pikvm !== undefined && named(pikvm)) return named(pikvm);
  const { pi, hasPikvmChip, hasChip, hasGrabber, serialHid } = found;
  // A keyboard at a serial port works with any board; a Pi's gadget is made ready by its config.txt.
  const pikvmBoard = pi !== undefined && (hasPikvmChip || hasGrabber) && !serialHid;
  const board = pikvmBoard ? named(`v2-${hasPikvmChip ? 'hdmi' : 'hdmiusb'}-${pi}`) : undefined;
  if (board) return board;
  if (serialHid) return 'pc';
  return udcs.length > 0 ? 'sbc' : hasChip || hasGrabber ? 'pc' : undefined;
}
