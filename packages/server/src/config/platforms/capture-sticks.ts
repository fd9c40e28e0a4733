/** A USB grabber that is known to work, and how it is captured best. */
export interface CaptureStick {
  /** `vendor:product` in hexadecimal. */
  readonly usbId: string;
  readonly name: string;
  /** What is asked of it, as µStreamer names it. */
  readonly format: 'mjpeg' | 'yuyv';
  /** px; what it gives in that format. */
  readonly resolution: string;
  /** Frames per second at that size. */
  readonly fps: number;
  /** What is odd about it, for its owner. */
  readonly note?: string;
}

const USB2 = 'USB 2: as JPEG only; scales what it gets, up to 4K30';
const USB3 = 'at a USB 3 port yuyv is sharper and as fast';

/** By what udev and `crashcart doctor` know them. */
export const CAPTURE_STICKS: readonly CaptureStick[] = [
  stick('534d:2109', 'MacroSilicon MS2109', 30, USB2),
  stick('345f:2109', 'MacroSilicon MS2109S', 60, USB2),
  stick('345f:2130', 'MacroSilicon MS2130', 60, USB3),
  stick('345f:2131', 'MacroSilicon MS2131', 60, USB3),
  stick('3188:1000', 'ITE, as UGREEN sells it', 60, USB3),
  {
    ...stick('0fd9:0066', 'Elgato Cam Link 4K', 60, 'gives no JPEG: it needs a USB 3 port'),
    format: 'yuyv',
  },
];

function stick(usbId: string, name: string, fps: number, note: string): CaptureStick {
  return { usbId, name, format: 'mjpeg', resolution: '1920x1080', fps, note };
}
