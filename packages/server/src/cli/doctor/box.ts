import type { DvSignal } from '../../drivers/linux/dv-signal.ts';

/** A node of Video4Linux that may be a capture device. */
export interface BoxVideo {
  /** E.g. /dev/video0. */
  readonly node: string;
  /** A name that stays when others are plugged in. */
  readonly byId: string | undefined;
  /** What its driver calls it. */
  readonly name: string;
  /** The name of the driver; '' = not told. */
  readonly driver: string;
  /** `vendor:product` in hexadecimal; undefined for what is not at USB. */
  readonly usbId: string | undefined;
  /** What it can send, e.g. MJPG; empty when it could not be asked. */
  readonly formats: readonly string[];
  /** What an HDMI chip sees. */
  readonly signal: DvSignal['kind'];
}

/** A serial port that is no console of the board's own. */
export interface BoxSerial {
  readonly node: string;
  readonly byId: string | undefined;
  readonly usbId: string | undefined;
}

/** A program that the server can use, and its version; '' = it runs and tells none. */
export type BoxPrograms = ReadonlyMap<string, string>;

/** What a computer has of what crashcart can use, as `probeBox` finds it. */
export interface Box {
  /** Model of the device tree; undefined where there is none, as on PCs. */
  readonly model: string | undefined;
  /** What PiKVM's own file says, `MODEL-VIDEO-BOARD`; undefined without that file. */
  readonly pikvm: string | undefined;
  /** USB device controllers. */
  readonly udcs: readonly string[];
  /** Whether configfs offers gadgets. */
  readonly offersGadgets: boolean;
  readonly videos: readonly BoxVideo[];
  readonly serials: readonly BoxSerial[];
  /** E.g. gpiochip0. */
  readonly gpiochips: readonly string[];
  readonly i2c: readonly string[];
  readonly spi: readonly string[];
  readonly watchdogs: readonly string[];
  /** Whether QEMU can use the processor's own virtualisation. */
  readonly hasKvm: boolean;
  /** The user of the service, and groups that are there and that it is in. */
  readonly user: {
    readonly name: string;
    readonly exists: boolean;
    readonly groups: readonly string[];
    readonly allGroups: readonly string[];
  };
  readonly programs: BoxPrograms;
  /** Optional Node packages that are installed. */
  readonly packages: readonly string[];
  /** A Raspberry Pi's config.txt. */
  readonly bootConfig: { readonly path: string; readonly text: string } | undefined;
  /** Whether the voltage is too low now; undefined where nobody tells. */
  readonly undervoltage: boolean | undefined;
}
