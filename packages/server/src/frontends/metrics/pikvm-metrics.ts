import type { AtxState, GpioState, InfoState } from '@crashcart/api';
import { gauge, type MetricFamily } from './exposition.ts';

/** The states that PiKVM's metrics are made of. */
export interface PikvmStates {
  readonly atx: AtxState;
  readonly gpio: GpioState['state'];
  readonly health: InfoState['health'];
  readonly fan: InfoState['fan'];
}

/** PiKVM's metrics, in its order; what this box does not know is not there. */
export function pikvmMetrics({ atx, gpio, health, fan }: PikvmStates): readonly MetricFamily[] {
  const { parsed_flags, ...throttling } = health.throttling ?? {};
  return [
    gauge('pikvm_atx_enabled', 'Whether the front panel is connected.', atx.enabled),
    gauge('pikvm_atx_power', 'Whether the power LED is lit.', atx.leds.power),
    ...lines('input', gpio.inputs),
    ...lines('output', gpio.outputs),
    ...numbers('pikvm_hw_cpu', health.cpu),
    ...numbers('pikvm_hw_mem', health.mem),
    ...numbers('pikvm_hw_temp', health.temp),
    // PiKVM leaves out the name of this level.
    ...numbers('pikvm_hw_throttling', { ...throttling, ...parsed_flags }),
    ...numbers('pikvm_fan', fan),
  ];
}

const HELP: Readonly<Record<string, string>> = {
  pikvm_hw_cpu_percent: 'Load of the processors of this box, percent.',
  pikvm_hw_mem_available: 'Memory of this box that programs can have, bytes.',
  pikvm_hw_mem_percent: 'Memory of this box that is in use, percent.',
  pikvm_hw_mem_total: 'Memory of this box, bytes.',
  pikvm_hw_temp_cpu: 'Temperature of the processor of this box, degrees Celsius.',
  pikvm_fan_monitored: 'Whether the fan is watched.',
};

/** User lines; those that PiKVM makes for itself are hidden. */
function lines(
  kind: 'input' | 'output',
  channels: Readonly<Record<string, { readonly online: boolean; readonly state: boolean }>>,
): readonly MetricFamily[] {
  return Object.entries(channels)
    .filter(([name]) => !name.startsWith('__'))
    .flatMap(([name, { online, state }]) => [
      gauge(
        `pikvm_gpio_${kind}_online_${name}`,
        `Whether the device of the ${kind} ${name} answers.`,
        online,
      ),
      gauge(`pikvm_gpio_${kind}_state_${name}`, `Whether the ${kind} ${name} is on.`, state),
    ]);
}

/** Every number and switch in a value, by its way there; the names of a level are sorted. */
function numbers(path: string, value: unknown): readonly MetricFamily[] {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
    return [gauge(path, HELP[path] ?? `As /api/info has it: ${path.slice(6)}.`, value)];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, inner]) => numbers(`${path}_${name}`, inner));
}
