import { SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import { type OpenSpiDevice, openSpiDevice } from '../../platform/spi-device.ts';
import { type AnyBridgeOptions, type BridgeContext, bridgeAt } from './bridge.ts';
import type { SerialHid } from './serial-hid.ts';
import type { PortAdvice } from './serial-line.ts';
import { SpiWire } from './spi-wire.ts';

/** Options of a bridge at the SPI bus, named as in the configuration; times in s. */
export interface SpiBridgeOptions extends AnyBridgeOptions {
  readonly bus: number;
  readonly chip: number;
  /** Whether the controller selects the chip. */
  readonly hw_cs: boolean;
  /** The line of `gpio_device` that does it instead; 0 and less are none. */
  readonly sw_cs_pin: number;
  /** Whether that goes up again after each byte. */
  readonly sw_cs_per_byte: boolean;
  /** Hz. */
  readonly max_freq: number;
  /** After each transfer, µs. */
  readonly block_usec: number;
}

/** What the driver gets besides. */
export interface SpiBridgeContext extends BridgeContext {
  /** Stands in for the system in tests. */
  readonly system?: BridgeContext['system'] & { readonly openSpi?: OpenSpiDevice };
}

const ADVICE: PortAdvice = {
  missing:
    'there is no such device: switch the bus on (on a Raspberry Pi dtparam=spi=on), or check hid.bus and hid.chip',
  denied: "the device may not be opened: put the server's user into its group (spi)",
  wrong: 'it is no device of the SPI bus: check hid.bus and hid.chip',
  silent: 'no right answer comes: check the wires, hid.sw_cs_pin and hid.max_freq',
};
/** Of what a busy box needs beside the waits for the device. */
const SPARE_MS = 100;

/** Keyboard and mouse by an Arduino or a Pico with PiKVM's firmware at the SPI bus. */
export function createSpiBridge(options: SpiBridgeOptions, context: SpiBridgeContext): SerialHid {
  const { bus, chip, sw_cs_pin: pin, gpio_device: gpio, read_timeout: timeoutS } = options;
  const path = `/dev/spidev${bus}.${chip}`;
  const timeoutMs = timeoutS * 1000;
  return bridgeAt(options, context, {
    ...{ port: path, advice: ADVICE },
    open: () =>
      SpiWire.open({
        ...{ path, speed: options.max_freq, delayUs: options.block_usec, timeoutMs },
        hasOwnSelect: options.hw_cs,
        select: pin > 0 ? { chip: gpio, pin } : undefined,
        selectsBytes: options.sw_cs_per_byte,
        open: context.system?.openSpi ?? openSpiDevice,
        calls: context.system?.gpio ?? SYSTEM_GPIO_CALLS,
      }),
    // Before a request and after it.
    answerMs: 2 * timeoutMs + SPARE_MS,
  });
}
