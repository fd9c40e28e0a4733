import { type GpioState, KvmError } from '@crashcart/api';
import type { GpioDriver } from './gpio-driver.ts';
import { GpioOutput, type GpioOutputChannel } from './gpio-output.ts';
import { type GpioViewConfig, parseView } from './gpio-view.ts';
import type { Log } from './log.ts';
import { DerivedCell, type ReadonlyCell } from './state.ts';

/** An input channel as it is configured. */
export interface GpioInputChannel {
  readonly mode: 'input';
  /** Name of the driver. */
  readonly driver: string;
  readonly pin: string;
  readonly inverted: boolean;
}

export type GpioChannel = GpioInputChannel | GpioOutputChannel;

/** What a `Gpio` is made of. */
export interface GpioOptions {
  /** By name; owned by the caller, who closes them after the `Gpio`. */
  readonly drivers: ReadonlyMap<string, GpioDriver>;
  /** By name; each names one of the drivers. */
  readonly channels: ReadonlyMap<string, GpioChannel>;
  readonly view: GpioViewConfig;
  readonly log: Log;
}

type Model = GpioState['model'];
type States = GpioState['state'];

/** The user lines of a machine: which act may be done when, and what people see of them. */
export class Gpio implements AsyncDisposable {
  readonly state: ReadonlyCell<GpioState>;
  readonly #outputs = new Map<string, GpioOutput>();
  readonly #derived: DerivedCell<GpioState>;
  readonly #controller = new AbortController();
  readonly #acts = new Set<Promise<void>>();
  readonly #log: Log;

  constructor({ drivers, channels, view, log }: GpioOptions) {
    this.#log = log;
    for (const [name, channel] of channels) {
      if (channel.mode !== 'output') continue;
      const driver = driverOf(drivers, channel);
      this.#outputs.set(name, new GpioOutput(channel, driver, this.#controller.signal));
    }
    const listed = [...channels].filter(([, channel]) => isListed(channel));
    const model = modelOf(listed, view);
    const compute = () => ({ model, state: this.#statesOf(listed, drivers) });
    const sources = [
      ...[...drivers.values()].map(({ levels }) => levels),
      ...[...this.#outputs.values()].map(({ busy }) => busy),
    ];
    this.#derived = new DerivedCell(sources, compute);
    this.state = this.#derived;
  }

  /**
   * Switches an output. Resolves when it has begun, or with `wait` when the channel is free again.
   * Throws GpioChannelNotFoundError, GpioSwitchNotSupported, GpioChannelIsBusyError and, with
   * `wait`, GpioDriverOfflineError.
   */
  async switch(channel: string, state: boolean, wait: boolean): Promise<void> {
    const output = this.#outputOf(channel);
    await this.#run({ channel, state }, output, () => output.switch(state), wait);
  }

  /** Switches an output on for `delayS` seconds (0 = its own time); as `switch` otherwise. */
  async pulse(channel: string, delayS: number, wait: boolean): Promise<void> {
    const output = this.#outputOf(channel);
    await this.#run({ channel, delayS }, output, () => output.pulse(delayS * 1000), wait);
  }

  /** Ends pulses early; resolves when their lines are back. */
  async close(): Promise<void> {
    this.#controller.abort(new KvmError('UnavailableError'));
    await Promise.allSettled(this.#acts);
    this.#derived.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #outputOf(channel: string): GpioOutput {
    const output = this.#outputs.get(channel);
    if (!output) throw new KvmError('GpioChannelNotFoundError');
    this.#controller.signal.throwIfAborted();
    return output;
  }

  async #run(
    details: object,
    output: GpioOutput,
    act: () => Promise<void>,
    wait: boolean,
  ): Promise<void> {
    const wasBusy = output.busy.value;
    const done = act();
    // What is refused is refused at once: the region is entered before the first wait.
    if (wasBusy || !output.busy.value) return done;
    this.#log.info(details, 'GPIO');
    const settled = done
      .catch((error: unknown) => {
        if (wait || this.#controller.signal.aborted) return;
        this.#log.error({ ...details, err: error }, 'The GPIO channel could not be set');
      })
      .finally(() => this.#acts.delete(settled));
    this.#acts.add(settled);
    if (wait) await done;
  }

  #statesOf(
    listed: readonly (readonly [string, GpioChannel])[],
    drivers: ReadonlyMap<string, GpioDriver>,
  ): States {
    const inputs: [string, States['inputs'][string]][] = [];
    const outputs: [string, States['outputs'][string]][] = [];
    for (const [name, channel] of listed) {
      const level = driverOf(drivers, channel).levels.value.get(channel.pin);
      const online = level !== undefined;
      const state = online && level !== channel.inverted;
      if (channel.mode === 'input') {
        inputs.push([name, { online, state }]);
      } else if (this.#outputs.get(name)?.busy.value) {
        // What a line in the middle of an act is, nobody should rely on.
        outputs.push([name, { online: true, state: false, busy: true }]);
      } else {
        outputs.push([name, { online, state, busy: false }]);
      }
    }
    return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
  }
}

/** Outputs that people can do nothing with are constants: set at start and not shown. */
function isListed(channel: GpioChannel): boolean {
  return channel.mode === 'input' || channel.switch || channel.pulse !== undefined;
}

function driverOf(drivers: ReadonlyMap<string, GpioDriver>, { driver }: GpioChannel): GpioDriver {
  const found = drivers.get(driver);
  if (!found) throw new Error(`There is no GPIO driver ${driver}`);
  return found;
}

function modelOf(listed: readonly (readonly [string, GpioChannel])[], view: GpioViewConfig): Model {
  const inputs: [string, Model['scheme']['inputs'][string]][] = [];
  const outputs: [string, Model['scheme']['outputs'][string]][] = [];
  for (const [name, channel] of listed) {
    const hw = { driver: channel.driver, pin: channel.pin };
    if (channel.mode === 'input') inputs.push([name, { hw }]);
    else outputs.push([name, { hw, switch: channel.switch, pulse: pulseOf(channel) }]);
  }
  const names = {
    inputs: new Set(inputs.map(([name]) => name)),
    outputs: new Set(outputs.map(([name]) => name)),
  };
  return {
    scheme: { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) },
    view: parseView(view, {
      isInput: (name) => names.inputs.has(name),
      isOutput: (name) => names.outputs.has(name),
    }),
  };
}

/** The limits in s; all 0 where there is no pulse. */
function pulseOf({ pulse }: GpioOutputChannel): Model['scheme']['outputs'][string]['pulse'] {
  if (!pulse) return { delay: 0, min_delay: 0, max_delay: 0 };
  const { delayMs, minDelayMs, maxDelayMs } = pulse;
  const delay = Math.min(maxDelayMs, Math.max(minDelayMs, delayMs));
  return { delay: delay / 1000, min_delay: minDelayMs / 1000, max_delay: maxDelayMs / 1000 };
}
