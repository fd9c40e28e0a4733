import type { GpioDriver, PinLevels } from '../../core/gpio-driver.ts';
import { StateCell } from '../../core/state.ts';
import { runCommand } from '../../platform/command.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';
import { withLimit } from './with-limit.ts';

/** How much of a command's output is logged, characters. */
const LOGGED = 2000;

/** A program with its arguments; no shell reads them. */
export type Command = readonly [string, ...string[]];

/** Options of both drivers, named as in the configuration. */
export interface CmdOptions {
  readonly cmd: Command;
}

/** Runs a command when a pin, whichever, is set. Such pins are never on by themselves. */
export class CmdDriver implements GpioDriver {
  readonly levels: StateCell<PinLevels>;
  readonly #command: Command;
  readonly #context: GpioContext;
  readonly #controller = new AbortController();
  readonly #runs = new Set<Promise<unknown>>();

  constructor({ cmd }: CmdOptions, context: GpioContext) {
    this.#command = cmd;
    this.#context = context;
    this.levels = new StateCell<PinLevels>(new Map(context.pins.map(({ pin }) => [pin, false])));
  }

  /** Resolves when the command has ended; rejects when it failed. */
  async write(_pin: string, level: boolean, signal?: AbortSignal): Promise<void> {
    if (!level) return;
    const ended = this.#controller.signal;
    const run = withLimit(undefined, signal ? [signal, ended] : [ended], (either) =>
      runCommand(this.#command, { signal: either }),
    );
    this.#runs.add(run);
    const { code, output } = await run.finally(() => this.#runs.delete(run));
    const { log, name } = this.#context;
    log.info({ driver: name, code, output: output.slice(-LOGGED) }, 'GPIO command');
    if (code !== 0) throw new Error(`${this.#command[0]} ended with code ${code ?? 'none'}`);
  }

  /** Kills commands that still run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error('The GPIO driver was closed'));
    await Promise.allSettled(this.#runs);
  }
}

/** Options of `cmdret`: besides PiKVM's, how often and how long the command runs, s. */
export interface CmdretOptions extends CmdOptions {
  readonly state_poll: number;
  readonly timeout: number;
}

/** Pins that are on while a command, run again and again, ends with code 0. */
export function createCmdret(options: CmdretOptions, context: GpioContext): PolledDriver {
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    async poll(signal) {
      const { code } = await withLimit(options.timeout * 1000, [signal], (limited) =>
        runCommand(options.cmd, { signal: limited }),
      );
      return new Map(context.pins.map(({ pin }) => [pin, code === 0]));
    },
    async write() {
      throw new Error('cmdret has no outputs');
    },
  });
}
