import { expect, vi } from 'vitest';
import type { GpioDriver, GpioMode } from '../../src/core/gpio-driver.ts';
import { silentLog } from '../../src/core/log.ts';
import type { GpioContext } from '../../src/drivers/gpio/context.ts';

/** A context with quick retries whose pins are `mode` and the given ones, with first levels or none. */
export function gpioContext(
  mode: GpioMode,
  pins: Readonly<Record<string, boolean | undefined>>,
  given: Pick<GpioContext, 'system'> = {},
): GpioContext & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return {
    ...{ name: 'test', retryMs: 10, warnings },
    log: { ...silentLog, warn: (_details, message) => warnings.push(message) },
    pins: Object.entries(pins).map(([pin, initial]) => ({ pin, mode, initial, debounceMs: 0 })),
    ...given,
  };
}

/** Waits until a check passes, for long: other tests may have the processor. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

/** Waits until a driver's pins that are on are these; undefined waits until it is offline. */
export async function waitForOn(driver: GpioDriver, on: readonly string[] | undefined) {
  await eventually(() => {
    const { value } = driver.levels;
    expect(value.size > 0).toBe(on !== undefined);
    expect([...value].flatMap(([pin, level]) => (level ? [pin] : []))).toEqual(on ?? []);
  });
}
