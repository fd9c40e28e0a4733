import { driversOf, type GpioConfig, type GpioDriverConfig } from './config/gpio.ts';
import type { GpioChannel, GpioOptions } from './core/gpio.ts';
import type { GpioDriver } from './core/gpio-driver.ts';
import type { Log } from './core/log.ts';
import type { GpioContext } from './drivers/gpio/context.ts';
import { GPIO_DRIVERS } from './drivers/registry.ts';

/** Makes the configured GPIO drivers that channels use; devices that are away do not hold it up. */
export async function createGpioDrivers(
  config: GpioConfig,
  log: Log,
  given: Pick<GpioContext, 'system' | 'retryMs'> = {},
): Promise<ReadonlyMap<string, GpioDriver>> {
  const drivers = new Map<string, GpioDriver>();
  for (const [name, driver] of driversOf(config)) {
    const channels = Object.values(config.scheme).filter((channel) => channel.driver === name);
    if (channels.length === 0) continue;
    const pins = channels.map((channel) => ({
      ...{ pin: channel.pin, mode: channel.mode },
      initial:
        channel.mode === 'output' && channel.initial !== null
          ? channel.initial !== channel.inverted
          : undefined,
      off: channel.inverted,
      debounceMs: channel.mode === 'input' ? channel.debounce * 1000 : 0,
    }));
    drivers.set(name, await createDriver(driver, { ...given, name, pins, log }));
  }
  return drivers;
}

function createDriver(config: GpioDriverConfig, context: GpioContext): Promise<GpioDriver> {
  // Each type's options are its own schema's, which the compiler cannot follow through a union.
  const create = GPIO_DRIVERS[config.type] as (
    options: GpioDriverConfig,
    context: GpioContext,
  ) => Promise<GpioDriver>;
  return create(config, context);
}

/** What the policy of the user lines needs of the configuration. */
export function gpioOptionsOf({
  scheme,
  view,
}: GpioConfig): Pick<GpioOptions, 'channels' | 'view'> {
  return {
    channels: new Map(
      Object.entries(scheme).map(([name, channel]) => [name, channelOf(channel)] as const),
    ),
    view: { title: view.header.title, table: view.table },
  };
}

function channelOf(channel: GpioConfig['scheme'][string]): GpioChannel {
  const { driver, pin, inverted } = channel;
  if (channel.mode === 'input') return { mode: 'input', driver, pin, inverted };
  const { delay, min_delay: min, max_delay: max } = channel.pulse;
  return {
    ...{ mode: 'output', driver, pin, inverted },
    switch: channel.switch,
    pulse:
      delay > 0
        ? { delayMs: delay * 1000, minDelayMs: min * 1000, maxDelayMs: max * 1000 }
        : undefined,
    busyDelayMs: channel.busy_delay * 1000,
  };
}
