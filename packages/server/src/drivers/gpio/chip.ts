import { hasNativeCalls } from '../../platform/libc.ts';
import type { ChipDriver, GpioChipOptions } from './chip-driver.ts';
import type { GpioContext } from './context.ts';
import { GpioChipDriver } from './gpio.ts';
import { GpiodDriver } from './gpiod.ts';

/** Makes the driver that fits this system. */
export function createChip(options: GpioChipOptions, context: GpioContext): ChipDriver {
  const { backend = 'auto' } = options;
  const isDirect = backend === 'auto' ? hasNativeCalls() : backend === 'kernel';
  return new (isDirect ? GpioChipDriver : GpiodDriver)(options, context);
}
