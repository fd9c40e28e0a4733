import { HDMIUSB } from './streamers.ts';

const DISABLED = { type: 'disabled' };

/** Hardware that is no PiKVM: a front panel has lines that only who wired it knows. */
export const GENERIC_PLATFORMS = {
  /** A single-board computer with a USB device port and a USB grabber. */
  sbc: {
    kvmd: { hid: { type: 'otg' }, atx: DISABLED, msd: { type: 'otg' }, streamer: HDMIUSB },
  },
  /** Any computer with a USB grabber and a CH9329 at a serial port. */
  pc: {
    kvmd: { hid: { type: 'ch9329' }, atx: DISABLED, msd: DISABLED, streamer: HDMIUSB },
  },
} as const;
