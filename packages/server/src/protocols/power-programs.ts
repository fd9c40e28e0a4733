/**
 * Programs that switch a machine's power over the network: their words and what they print.
 *
 *     ipmitool … power status      Chassis Power is on
 *     meshcmd amtpower …           Current power state: Power on
 */
export interface PowerProgram {
  /** Output pins: word of each, the first one being pin 1. */
  readonly actions: readonly string[];
  /** Word that asks for the state. */
  readonly status: string;
  /** Whether the machine is on; undefined when the text says nothing of it. */
  isOn(text: string): boolean | undefined;
}

/** Pins that tell the power. */
export const POWER_INPUT_PINS: readonly string[] = ['0', 'status'];

function lineAfter(text: string, prefix: string): string | undefined {
  const line = text.split(/\r?\n/).find((each) => each.trim().startsWith(prefix));
  return line?.trim().slice(prefix.length).trim();
}

/** ipmitool of Debian. */
export const IPMITOOL: PowerProgram = {
  actions: ['on', 'off', 'cycle', 'reset', 'diag', 'soft'],
  status: 'status',
  isOn: (text) => {
    const state = lineAfter(text, 'Chassis Power is');
    return state ? !state.toLowerCase().endsWith('off') : undefined;
  },
};

/** meshcmd of MeshCentral, for Intel AMT. */
export const MESHCMD: PowerProgram = {
  actions: ['poweron', 'poweroff', 'powercycle', 'reset', 'sleep', 'hibernate'],
  status: 'status',
  isOn: (text) => {
    const state = lineAfter(text, 'Current power state:');
    return state ? state.toLowerCase().endsWith('power on') : undefined;
  },
};

/** The word of an output pin, which is a number from 1 or the word itself. */
export function powerAction({ actions }: PowerProgram, pin: string): string | undefined {
  return actions.includes(pin) ? pin : actions[Number(pin) - 1];
}

/** An argument that is there or not: alone, its name ends with `_opt`. */
const OPTION = /^\{\w+_opt\}$/;

/** Fills `{name}` in each argument; unknown names stay, and an option that is empty goes. */
export function fillArguments(
  argv: readonly string[],
  values: Readonly<Record<string, string>>,
): readonly string[] {
  return argv.flatMap((argument) => {
    const filled = argument.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
    );
    return filled === '' && OPTION.test(argument) ? [] : [filled];
  });
}
