import type { GpioDriver } from '../../core/gpio-driver.ts';

/** How lines are reached: the kernel's device itself, or the programs of libgpiod. */
export type GpioBackend = 'auto' | 'kernel' | 'tools';

/** Options of the driver, named as in the configuration. */
export interface GpioChipOptions {
  /** The chip, for instance /dev/gpiochip0. */
  readonly device: string;
  /** `auto`, the default, takes the kernel's device where the optional package koffi is there. */
  readonly backend?: GpioBackend;
}

/** Lines of one chip. */
export interface ChipDriver extends GpioDriver {
  /** As `write`, and when that fails the output has the level as soon as the chip is there again. */
  writeForSure(pin: string, level: boolean): Promise<void>;
}
