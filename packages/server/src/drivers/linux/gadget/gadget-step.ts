/** One act on the files of a gadget; paths are relative to its directory. */
export type GadgetStep =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'value';
      readonly path: string;
      readonly value: string | Uint8Array;
      /** Some kernels lack it, and the gadget works without. */
      readonly isOptional: boolean;
      /** A server changes it while the gadget is in use. */
      readonly isLive: boolean;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** A function of a gadget before anything is made. */
export interface GadgetFunction {
  /** Kernel's name of the kind and of the instance, `hid.usb0`. */
  readonly name: string;
  readonly description: string;
  readonly endpoints: number;
  /** The key that decides whether it is linked at start. */
  readonly starter: readonly string[];
  readonly start: boolean;
  /** Its attributes, in the order of writing; paths relative to the gadget. */
  readonly values: readonly GadgetStep[];
  /** Attributes for the user of the gadget. */
  readonly controls: readonly string[];
}

/** What a value is besides. */
interface ValueTraits {
  readonly isOptional?: boolean;
  readonly isLive?: boolean;
}

/** An attribute and what it is set to. */
export function value(
  path: string,
  given: string | number | boolean | Uint8Array,
  { isOptional = false, isLive = false }: ValueTraits = {},
): GadgetStep {
  const text = typeof given === 'boolean' ? (given ? '1' : '0') : given;
  const written = text instanceof Uint8Array ? text : String(text);
  return { kind: 'value', path, value: written, isOptional, isLive };
}

/** Number as the kernel's USB descriptors show it, `0x1d6b`. */
export function hex(number: number, digits = 4): string {
  return `0x${number.toString(16).padStart(digits, '0')}`;
}
