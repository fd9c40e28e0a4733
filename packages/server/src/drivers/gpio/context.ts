import type { GpioPin } from '../../core/gpio-driver.ts';
import type { Log } from '../../core/log.ts';
import type { GpioCalls } from '../../platform/gpio-calls.ts';
import type { OpenHid } from '../../platform/hidraw.ts';
import type { GpiodCommand } from '../../protocols/gpiod-tools.ts';

/** How the programs of libgpiod are used. */
export interface GpiodSystem {
  /** What is really run for a command of theirs. */
  readonly launch?: (command: GpiodCommand) => GpiodCommand;
  /** How often inputs are read anew and held lines are looked at, ms. */
  readonly checkMs?: number;
  /** Whether the chip with this path can be unplugged; /sys knows it. */
  readonly isUnpluggable?: (path: string) => boolean;
}

/** What a GPIO driver gets besides its options. */
export interface GpioContext {
  /** Its name in the configuration. */
  readonly name: string;
  /** The pins that channels use. */
  readonly pins: readonly GpioPin[];
  readonly log: Log;
  /** First wait after a device failed, ms; each further one is twice as long, up to 30 s. */
  readonly retryMs?: number;
  /** Stands in for the system in tests. */
  readonly system?: {
    readonly gpio?: GpioCalls;
    readonly gpiod?: GpiodSystem;
    readonly openHid?: OpenHid;
    /** Instead of /sys. */
    readonly sysDir?: string;
  };
}

/** The outputs that have a level to start with. */
export function initialLevels(pins: readonly GpioPin[]): readonly (readonly [string, boolean])[] {
  return pins.flatMap(({ pin, mode, initial }) =>
    mode === 'output' && initial !== undefined ? [[pin, initial] as const] : [],
  );
}
