import { runCommand } from '../../platform/command.ts';
import {
  fillArguments,
  IPMITOOL,
  MESHCMD,
  POWER_INPUT_PINS,
  type PowerProgram,
  powerAction,
} from '../../protocols/power-programs.ts';
import type { Command } from './cmd.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';
import { withLimit } from './with-limit.ts';

/** Options of both drivers, named as in the configuration. */
interface PowerOptions {
  readonly host: string;
  readonly user: string;
  readonly passwd: string;
  /** Variable that the password is in, in the environment of the program. */
  readonly passwd_env: string;
  /** With `{host}`, `{user}`, `{passwd}` and others to fill in. */
  readonly cmd: Command;
  /** s */
  readonly state_poll: number;
}

export interface IpmiOptions extends PowerOptions {
  readonly port: number;
  readonly cipher: number;
}

export interface AmtOptions extends PowerOptions {
  readonly tls: boolean;
}

/** How long one run of the program may take, ms. */
const RUN_MS = 20_000;

/** A machine's power over IPMI, by ipmitool. */
export function createIpmi(options: IpmiOptions, context: GpioContext): PolledDriver {
  const { port, cipher } = options;
  return createPower(IPMITOOL, options, context, (action) => ({
    ...{ port: String(port), cipher: String(cipher), action },
  }));
}

/** A machine's power over Intel AMT, by meshcmd. */
export function createAmt(options: AmtOptions, context: GpioContext): PolledDriver {
  return createPower(MESHCMD, options, context, (action) => ({
    tls_opt: options.tls ? '--tls' : '',
    action_opt: action === MESHCMD.status ? '' : `--${action}`,
  }));
}

function createPower(
  program: PowerProgram,
  options: PowerOptions,
  context: GpioContext,
  more: (action: string) => Readonly<Record<string, string>>,
): PolledDriver {
  const { host, user, passwd, passwd_env: variable } = options;
  const run = async (action: string, signal: AbortSignal) => {
    const values = { host, user, passwd, ...more(action) };
    const [command, ...rest] = fillArguments(options.cmd, values);
    const { code, output } = await withLimit(RUN_MS, [signal], (limited) =>
      runCommand([command ?? options.cmd[0], ...rest], {
        signal: limited,
        ...(passwd === '' ? {} : { env: { ...process.env, [variable]: passwd } }),
      }),
    );
    if (code === 0) return output;
    throw new Error(`${command} ended with code ${code ?? 'none'}: ${output.trim().slice(-500)}`);
  };
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    async poll(signal) {
      const isOn = program.isOn(await run(program.status, signal));
      if (isOn === undefined) throw new Error(`${options.cmd[0]} did not tell the power state`);
      return new Map(
        context.pins.map(({ pin, mode }) => [
          pin,
          mode === 'input' && POWER_INPUT_PINS.includes(pin) && isOn,
        ]),
      );
    },
    async write(pin, level, signal) {
      const action = powerAction(program, pin);
      if (level && action !== undefined) await run(action, signal);
    },
  });
}
