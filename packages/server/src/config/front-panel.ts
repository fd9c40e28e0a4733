import { KEY_NAMES } from '@crashcart/api';
import { z } from 'zod';
import { KEYMAP_NAMES } from '../core/hid.ts';
import type { AtxDriverOptions, HidDriverOptions } from '../drivers/registry.ts';
import { gpioChip, gpioLine } from './gpio-types.ts';
import * as type from './types.ts';

const FOREVER = Number.MAX_SAFE_INTEGER;
const LAST_LINE = 999_999_999;
const LAST_BUS = 255;
/** What the kernel has room for. */
const MAX_HZ = 0xffff_ffff;
const MAX_BLOCK_US = 0xffff;
/** Longer ones do not fit where Bluetooth has names. */
const NAME_LENGTH = 248;
const ADAPTER = 'must be an adapter such as hci0';
const seconds = (fallback: number) => type.atLeast(0.1).default(fallback);
const hidPort = type.path().default('/dev/kvmd-hid');
const patience = {
  select_timeout: type.atLeast(0.1).default(0.1),
  queue_timeout: type.atLeast(0.1).default(0.1),
  write_retries: type.integer(1, FOREVER).default(150),
};

const anyHid = {
  keymap: type.fileOf(KEYMAP_NAMES).default('en-us'),
  ignore_keys: type.words(z.enum(KEY_NAMES, 'must be key names such as KeyA')).default([]),
  jiggler: type
    .section({
      enabled: type.bool(true),
      active: type.bool(false),
      interval: type.integer(1, FOREVER).default(60),
    })
    .prefault({}),
};

/** PiKVM's firmware, wherever it is. */
const anyBridge = {
  gpio_device: type.path().default('/dev/gpiochip0'),
  /** -1 = none. */
  power_detect_pin: type.integer(-1, LAST_LINE).default(-1),
  power_detect_pull_down: type.bool(false),
  /** -1 = none. */
  reset_pin: type.integer(-1, LAST_LINE).default(4),
  ...{
    reset_inverted: type.bool(false),
    reset_delay: seconds(0.1),
    reset_self: type.bool(false),
  },
  read_retries: type.integer(1, FOREVER).default(5),
  common_retries: type.integer(1, FOREVER).default(5),
  retries_delay: seconds(0.5),
  errors_threshold: type.integer(0, FOREVER).default(5),
  noop: type.bool(false),
};

const HIDS = {
  qemu: type.section({ type: z.literal('qemu'), ...anyHid }),
  otg: type.section({
    ...{ type: z.literal('otg'), ...anyHid },
    keyboard: type
      .section({ device: type.path().default('/dev/kvmd-hid-keyboard'), ...patience })
      .prefault({}),
    mouse: type
      .section({
        ...{ device: type.path().default('/dev/kvmd-hid-mouse'), ...patience },
        absolute: type.bool(true),
        absolute_win98_fix: type.bool(false),
        horizontal_wheel: type.bool(true),
      })
      .prefault({}),
    mouse_alt: type
      .section({
        ...{ device: type.optionalPath().default('/dev/kvmd-hid-mouse-alt'), ...patience },
        horizontal_wheel: type.bool(true),
      })
      .prefault({}),
  }),
  ch9329: type.section({
    ...{ type: z.literal('ch9329'), ...anyHid, device: hidPort },
    ...{ speed: type.baud(9600), read_timeout: seconds(0.3) },
  }),
  serial: type.section({
    ...{ type: z.literal('serial'), ...anyHid, device: hidPort },
    ...{ speed: type.baud(115_200), read_timeout: seconds(2), ...anyBridge },
  }),
  spi: type.section({
    ...{ type: z.literal('spi'), ...anyHid },
    ...{ bus: type.integer(0, LAST_BUS), chip: type.integer(0, LAST_BUS) },
    hw_cs: type.bool(false),
    /** 0 and -1 = none. */
    sw_cs_pin: type.integer(-1, LAST_LINE).default(-1),
    sw_cs_per_byte: type.bool(false),
    max_freq: type.integer(1, MAX_HZ).default(100_000),
    block_usec: type.integer(0, MAX_BLOCK_US).default(1),
    ...{ read_timeout: seconds(0.5), ...anyBridge },
  }),
  bt: type.section({
    ...{ type: z.literal('bt'), ...anyHid },
    manufacturer: type.text(NAME_LENGTH).default('PiKVM'),
    product: type.text(NAME_LENGTH).default('HID Device'),
    description: type.text(NAME_LENGTH).default('Bluetooth Keyboard & Mouse'),
    iface: z
      .string(ADAPTER)
      .regex(/^hci\d{1,5}$/, ADAPTER)
      .default('hci0'),
    alias: type.text(NAME_LENGTH).default('PiKVM HID'),
    ...{ pairing_required: type.bool(true), auth_required: type.bool(false) },
    ...{ control_public: type.bool(true), unpair_on_close: type.bool(true) },
    max_clients: type.integer(1, FOREVER).default(1),
    ...{ socket_timeout: seconds(5), select_timeout: seconds(1) },
  }),
  vnc: type.section({ type: z.literal('vnc'), ...anyHid }),
  disabled: type.section({ type: z.literal('disabled'), ...anyHid }),
} satisfies { [T in keyof HidDriverOptions]: z.ZodType<{ type: T } & HidDriverOptions[T]> };

const anyAtx = {
  click_delay: type.atLeast(0.1).default(0.1),
  long_click_delay: type.atLeast(0.1).default(5.5),
};

const ATXS = {
  qemu: type.section({ type: z.literal('qemu'), ...anyAtx }),
  gpio: type
    .section({
      ...{ type: z.literal('gpio'), ...anyAtx },
      ...gpioChip(),
      ...{ power_led_pin: gpioLine(24), hdd_led_pin: gpioLine(22) },
      ...{ power_led_inverted: type.bool(false), hdd_led_inverted: type.bool(false) },
      power_led_debounce: type.atLeast(0).default(0.1),
      hdd_led_debounce: type.atLeast(0).default(0.1),
      ...{ power_switch_pin: gpioLine(23), reset_switch_pin: gpioLine(27) },
    })
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const key of [
        ...(['power_led_pin', 'hdd_led_pin', 'power_switch_pin', 'reset_switch_pin'] as const),
      ]) {
        const message = 'must be another line than those before';
        const given = value[key];
        if (seen.has(given)) issues.push({ code: 'custom', input: given, path: [key], message });
        seen.add(given);
      }
    }),
  disabled: type.section({ type: z.literal('disabled'), ...anyAtx }),
} satisfies { [T in keyof AtxDriverOptions]: z.ZodType<{ type: T } & AtxDriverOptions[T]> };

/** The section that `type` names, `qemu` unless it names one. */
function byType<
  const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(sections: T, names: readonly string[]) {
  const withType = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !('type' in value)
      ? { ...value, type: 'qemu' }
      : value;
  return z.preprocess(
    withType,
    z.discriminatedUnion('type', sections, {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? `must be one of: ${names.join(', ')}`
          : 'must be a section with keys of its own',
    }),
  );
}

/** The section `hid` of a machine: PiKVM's keys. Times in s. */
export const hid = byType(
  [HIDS.qemu, HIDS.otg, HIDS.ch9329, HIDS.serial, HIDS.spi, HIDS.bt, HIDS.vnc, HIDS.disabled],
  Object.keys(HIDS),
);

/** The section `atx` of a machine: PiKVM's keys. Times in s. */
export const atx = byType([ATXS.qemu, ATXS.gpio, ATXS.disabled], Object.keys(ATXS));
