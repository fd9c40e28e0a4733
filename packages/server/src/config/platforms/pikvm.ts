import { HDMI, HDMI_RPI4, HDMI_V4PLUS, HDMIUSB } from './streamers.ts';

/** Front panel: PiKVM's lines up to V3 are our defaults. */
const ATX = { type: 'gpio' };
const ATX_V4 = {
  ...{ type: 'gpio', power_led_pin: 4, hdd_led_pin: 5 },
  ...{ power_switch_pin: 23, reset_switch_pin: 27 },
};

const ARDUINO = { type: 'serial' };
const ARDUINO_SPI = {
  ...{ type: 'spi', bus: 0, chip: 0, sw_cs_pin: 7, sw_cs_per_byte: true },
  ...{ reset_pin: 25, reset_inverted: true, reset_self: true },
  ...{ power_detect_pin: 16, power_detect_pull_down: true },
};
const NO_DRIVE = { type: 'disabled' };
const OTG = { type: 'otg' };

const NO_H264 = { h264_bitrate: { default: 0 } };
const H264 = { h264_bitrate: { default: 5000 } };

const FAN = { fan: { unix: '/run/kvmd/fan.sock' } };
/** A V4 has had low voltage at each start, which means nothing. */
const FAN_V4 = { ...FAN, hw: { ignore_past: true } };

const output = (pin: number, rest: object) => ({ pin, mode: 'output', pulse: false, ...rest });
const GPIO_V3 = { scheme: { __v3_usb_breaker__: output(5, { initial: true }) } };
const GPIO_V4 = {
  drivers: { __v4_locator__: { type: 'locator' } },
  scheme: {
    __v4_usb_breaker__: output(22, { initial: true }),
    __v4_locator__: output(12, { driver: '__v4_locator__' }),
    __v4_const1__: output(6, { initial: false, switch: false }),
  },
};

const v0 = (streamer: object) => ({
  kvmd: { hid: ARDUINO, atx: ATX, msd: NO_DRIVE, streamer },
});
const v1 = (streamer: object) => ({
  kvmd: { hid: ARDUINO_SPI, atx: ATX, msd: NO_DRIVE, streamer },
});
const v2 = (streamer: object) => ({ kvmd: { hid: OTG, atx: ATX, msd: OTG, streamer } });
const v4 = (streamer: object) => ({
  kvmd: { hid: OTG, atx: ATX_V4, msd: OTG, streamer, info: FAN_V4, gpio: GPIO_V4 },
});
const hdmi = (preset: string, bitrate: object, base: object = HDMI) => ({
  ...base,
  ...bitrate,
  edid: { preset },
});

/** What PiKVM's own boards and its builds for a Raspberry Pi are, by `MODEL-VIDEO-BOARD`. */
export const PIKVM_PLATFORMS = {
  'v0-hdmi-rpi2': v0(hdmi('v0', NO_H264)),
  'v0-hdmi-rpi3': v0(hdmi('v0', NO_H264)),
  'v0-hdmi-zero2w': v0(hdmi('v0', H264)),
  'v0-hdmiusb-rpi2': v0(HDMIUSB),
  'v0-hdmiusb-rpi3': v0(HDMIUSB),
  'v0-hdmiusb-zero2w': v0(HDMIUSB),
  'v1-hdmi-rpi2': v1(hdmi('v1', NO_H264)),
  'v1-hdmi-rpi3': v1(hdmi('v1', H264)),
  'v1-hdmi-zero2w': v1(hdmi('v1', H264)),
  'v1-hdmiusb-rpi2': v1(HDMIUSB),
  'v1-hdmiusb-rpi3': v1(HDMIUSB),
  'v1-hdmiusb-zero2w': v1(HDMIUSB),
  'v2-hdmi-zero2w': v2(hdmi('v2', H264)),
  'v2-hdmi-rpi3': v2(hdmi('v2', H264)),
  'v2-hdmi-rpi4': v2(hdmi('v2', H264, HDMI_RPI4)),
  'v2-hdmiusb-rpi4': v2(HDMIUSB),
  'v3-hdmi-rpi4': {
    kvmd: { ...v2(hdmi('v3', H264, HDMI_RPI4)).kvmd, info: FAN, gpio: GPIO_V3 },
  },
  'v4mini-hdmi-rpi4': v4(hdmi('v4mini', H264, HDMI_RPI4)),
  'v4plus-hdmi-rpi4': v4(hdmi('v4plus', H264, HDMI_V4PLUS)),
} as const;
