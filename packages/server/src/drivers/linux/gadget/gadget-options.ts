/** A function that is part of the gadget from the start, or can be added later. */
interface Started {
  readonly start: boolean;
}

/** A function that the gadget has only when it is wanted. */
interface Optional extends Started {
  readonly enabled: boolean;
}

/** What a drive says of itself; an empty vendor is the gadget's manufacturer. */
export interface InquiryOptions {
  readonly vendor: string;
  readonly product: string;
  readonly revision: string;
}

/** A drive as it is when the gadget starts, named as in the configuration. */
export interface DriveOptions {
  readonly stall: boolean;
  readonly cdrom: boolean;
  readonly rw: boolean;
  readonly removable: boolean;
  readonly fua: boolean;
  readonly inquiry_string: { readonly cdrom: InquiryOptions; readonly flash: InquiryOptions };
}

/** The section `otg` of the configuration. */
export interface OtgOptions {
  readonly vendor_id: number;
  readonly product_id: number;
  readonly manufacturer: string;
  readonly product: string;
  /** Empty: none, as is `config`. */
  readonly serial: string;
  readonly config: string;
  /** BCD; -1 chooses by the functions. */
  readonly device_version: number;
  readonly usb_version: number;
  /** mA. */
  readonly max_power: number;
  readonly remote_wakeup: boolean;
  /** USB device controller; empty: the first one. */
  readonly udc: string;
  /** How many endpoints the controller has for functions. */
  readonly endpoints: number;
  /** How long the machine gets to see the gadget, s. */
  readonly init_delay: number;
  /** Who may use the controls; empty: root alone. */
  readonly user: string;
  /** Where it is written what the functions are. */
  readonly meta: string;
  readonly devices: {
    readonly hid: {
      readonly keyboard: Started;
      readonly mouse: Started;
      readonly mouse_alt: Started;
    };
    readonly msd: Started & { readonly default: DriveOptions & { readonly file: string } };
    readonly ethernet: Optional & {
      readonly driver: 'ecm' | 'eem' | 'ncm' | 'rndis' | 'rndis5';
      readonly host_mac: string;
      readonly kvm_mac: string;
    };
    readonly serial: Optional;
    readonly audio: Optional & {
      readonly speakers: { readonly enabled: boolean };
      readonly mic: { readonly enabled: boolean };
    };
    readonly drives: Optional & { readonly count: number; readonly default: DriveOptions };
  };
}

/** What the machine's own drivers want of the gadget. */
export interface GadgetParts {
  /** Undefined: no keyboard and mice. */
  readonly hid:
    | {
        readonly mouse: { readonly absolute: boolean; readonly horizontal_wheel: boolean };
        readonly mouse_alt: { readonly device: string; readonly horizontal_wheel: boolean };
      }
    | undefined;
  readonly hasDrive: boolean;
}
