import type { DriveOptions, InquiryOptions, OtgOptions } from './gadget-options.ts';
import { type GadgetFunction, value } from './gadget-step.ts';

/**
 * The virtual drive and further ones (Linux
 * Documentation/ABI/testing/configfs-usb-gadget-mass-storage).
 */
export function storageFunctions({
  devices: { msd, drives },
  manufacturer,
}: OtgOptions): readonly GadgetFunction[] {
  const first = 'functions/mass_storage.usb0';
  const live = ['cdrom', 'ro', 'file', 'forced_eject'].map((name) => `${first}/lun.0/${name}`);
  const main: GadgetFunction = {
    ...{ name: 'mass_storage.usb0', description: 'Mass Storage Drive', endpoints: 2 },
    starter: ['otg', 'devices', 'msd', 'start'],
    start: msd.start,
    values: driveValues(first, msd.default, msd.default.file, manufacturer),
    controls: live,
  };
  if (!drives.enabled) return [main];
  const extra = Array.from({ length: drives.count }, (_, index): GadgetFunction => {
    const name = `mass_storage.usb${index + 1}`;
    return {
      ...{ name, description: `Extra Drive #${index + 1}`, endpoints: 2, controls: [] },
      starter: ['otg', 'devices', 'drives', 'start'],
      start: drives.start,
      values: driveValues(`functions/${name}`, drives.default, '', manufacturer),
    };
  });
  return [main, ...extra];
}

function driveValues(dir: string, drive: DriveOptions, file: string, manufacturer: string) {
  const { stall, cdrom, rw, removable, fua, inquiry_string: inquiry } = drive;
  const lun = `${dir}/lun.0`;
  const live = { isLive: true };
  const text = (given: InquiryOptions) => inquiryString(given, manufacturer);
  return [
    value(`${dir}/stall`, stall),
    // In this order: a drive that becomes a CD-ROM becomes read-only, and what kind of drive it is
    // cannot change while an image is in.
    value(`${lun}/cdrom`, cdrom, live),
    value(`${lun}/ro`, !rw, live),
    value(`${lun}/removable`, removable),
    value(`${lun}/nofua`, !fua),
    value(`${lun}/inquiry_string_cdrom`, text(inquiry.cdrom), { isOptional: true }),
    value(`${lun}/inquiry_string`, text(inquiry.flash)),
    ...(file === '' ? [] : [value(`${lun}/file`, file, live)]),
  ];
}

/** SCSI's INQUIRY: vendor, product and revision of 8, 16 and 4 characters of ASCII. */
function inquiryString({ vendor, product, revision }: InquiryOptions, manufacturer: string) {
  const fit = (text: string, length: number) =>
    text
      .replace(/[^ -~]/g, '?')
      .slice(0, length)
      .padEnd(length);
  return `${fit(vendor || manufacturer, 8)}${fit(product, 16)}${fit(revision, 4)}`;
}
