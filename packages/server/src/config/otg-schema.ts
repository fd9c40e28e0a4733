import { z } from 'zod';
import * as type from './types.ts';

/** What a USB string descriptor holds (USB 2.0, 9.6.7: 255 bytes of UTF-16LE with its head). */
const MAX_USB_STRING = 126;
const MAX_ENDPOINTS = 64;
const MAX_DRIVES = 16;

/** A text that one line of the kernel's files can hold. */
function usbString() {
  const error = `must be a text of at most ${MAX_USB_STRING} characters on one line`;
  return z
    .string(error)
    .max(MAX_USB_STRING, error)
    .regex(/^\P{Cc}*$/u, error);
}

/** The same; empty or null is none. */
function optionalUsbString() {
  return z.preprocess((value) => value ?? '', usbString());
}

/** Six bytes in hex, in lower case as the kernel shows them; empty or null lets the kernel choose. */
function mac() {
  const error = 'must be a hardware address such as 02:00:00:00:00:01, or empty for any';
  const read = (value: unknown) => String(value ?? '').toLowerCase();
  return z.preprocess(read, z.string(error).regex(/^(([\da-f]{2}:){5}[\da-f]{2})?$/, error));
}

/** The name of a USB device controller as in /sys/class/udc. */
function udc() {
  const error = 'must be a name of /sys/class/udc, or empty for the first';
  return z.preprocess(
    (value) => value ?? '',
    z
      .string(error)
      .max(255, error)
      .regex(/^(?!\.{1,2}$)[^/\s]*$/, error),
  );
}

function userName() {
  const error = 'must be the name of a user, or empty for root alone';
  return z.string(error).regex(/^([a-z_][a-z\d@._-]{0,31})?$/, error);
}

/** A version of which each hexadecimal digit is a decimal one, 0x0210: the kernel takes no other. */
function version(min: number) {
  const error = 'must be a version such as 0x0100, without A to F';
  return type
    .integer(min, 0xffff)
    .refine((value) => value < 0 || /^\d+$/.test(value.toString(16)), error);
}

const started = { start: type.bool(true) };
const optional = { enabled: type.bool(false), ...started };

const inquiry = (product: string) =>
  type
    .section({
      vendor: optionalUsbString().default(''),
      product: usbString().default(product),
      revision: usbString().default('1.00'),
    })
    .prefault({});

const drive = ({ cdrom, rw }: { readonly cdrom: boolean; readonly rw: boolean }) => ({
  stall: type.bool(false),
  cdrom: type.bool(cdrom),
  rw: type.bool(rw),
  removable: type.bool(true),
  fua: type.bool(true),
  inquiry_string: type
    .section({ cdrom: inquiry('Optical Drive'), flash: inquiry('Flash Drive') })
    .prefault({}),
});

const ethernet = type
  .section({
    ...optional,
    driver: type.choice(['ecm', 'eem', 'ncm', 'rndis', 'rndis5']).default('ecm'),
    ...{ host_mac: mac().default(''), kvm_mac: mac().default('') },
  })
  .check(({ value, issues }) => {
    if (value.kvm_mac === '' || value.kvm_mac !== value.host_mac) return;
    const message = 'must not be host_mac: they are two ends of one cable';
    issues.push({ code: 'custom', input: value.kvm_mac, path: ['kvm_mac'], message });
  });

const devices = type.section({
  hid: type
    .section({
      keyboard: type.section(started).prefault({}),
      mouse: type.section(started).prefault({}),
      mouse_alt: type.section(started).prefault({}),
    })
    .prefault({}),
  msd: type
    .section({
      ...started,
      default: type
        .section({
          file: type.optionalPath().default(''),
          ...drive({ cdrom: true, rw: false }),
        })
        .prefault({}),
    })
    .prefault({}),
  ethernet: ethernet.prefault({}),
  serial: type.section(optional).prefault({}),
  audio: type
    .section({
      ...optional,
      speakers: type.section({ enabled: type.bool(false) }).prefault({}),
      mic: type.section({ enabled: type.bool(true) }).prefault({}),
    })
    .prefault({}),
  drives: type
    .section({
      ...optional,
      count: type.integer(1, MAX_DRIVES).default(1),
      default: type.section(drive({ cdrom: false, rw: true })).prefault({}),
    })
    .prefault({}),
});

/** The section `otg`, PiKVM's keys: the USB gadget that `crashcart otg` makes. Power in mA, time in s. */
export const otg = type.section({
  vendor_id: type.integer(0, 0xffff).default(0x1d6b),
  product_id: type.integer(0, 0xffff).default(0x0104),
  manufacturer: usbString().default('PiKVM'),
  product: usbString().default('PiKVM Composite Device'),
  serial: optionalUsbString().default('CAFEBABE'),
  config: optionalUsbString().default(''),
  device_version: version(-1).default(-1),
  usb_version: version(0).default(0x0200),
  max_power: type.integer(50, 500).default(250),
  remote_wakeup: type.bool(true),
  udc: udc().default(''),
  endpoints: type.integer(0, MAX_ENDPOINTS).default(9),
  init_delay: type.atLeast(0.1).default(3),
  user: userName().default('crashcart'),
  meta: type.path().default('/run/crashcart-otg'),
  devices: devices.prefault({}),
});
