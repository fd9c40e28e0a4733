import { fileURLToPath } from 'node:url';
import { StateCell, until } from '../../../src/core/state.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';

const WATCH = fileURLToPath(new URL('../guest/watch-file.mjs', import.meta.url));
const CONFIG = '/sys/kernel/config/gpio-sim';
const WAIT_MS = 60_000;
/** Where the kernel lists its chips, and where this machine's list is instead. */
const CHIPS = '/sys/bus/gpio/devices';
const PLACES = '/run/lab-gpio';

/** A change of a line, on the machine's own clock. */
export interface LineChange {
  readonly timeMs: number;
  readonly level: boolean;
}

/** A simulated GPIO chip (Linux Documentation/admin-guide/gpio/gpio-sim.rst). */
export class GpioSim {
  readonly #machine: LabMachine;
  readonly #name: string;
  readonly #place: string;
  #sysfs = '';

  private constructor(machine: LabMachine, name: string, usb: boolean) {
    this.#machine = machine;
    this.#name = name;
    this.#place = `${PLACES}/${usb ? 'usb1' : 'platform'}`;
  }

  /** Makes a chip with so many lines, some of them named. The machine needs `gpio`. */
  static async create(
    machine: LabMachine,
    options: {
      name: string;
      label: string;
      lines: number;
      names?: Readonly<Record<number, string>>;
      /** Lines that somebody else has from the start, with that name. */
      hogs?: Readonly<Record<number, string>>;
      /** Whether /sys says that it is on a USB: it may be unplugged while its lines are somebody's. */
      usb?: boolean;
    },
  ): Promise<GpioSim> {
    const sim = new GpioSim(machine, options.name, options.usb ?? false);
    const bank = `${CONFIG}/${options.name}/bank0`;
    await machine.run(['mkdir', '-p', bank]);
    await machine.write(`${bank}/num_lines`, String(options.lines));
    await machine.write(`${bank}/label`, options.label);
    for (const [line, name] of Object.entries(options.names ?? {})) {
      await machine.run(['mkdir', `${bank}/line${line}`]);
      await machine.write(`${bank}/line${line}/name`, name);
    }
    for (const [line, holder] of Object.entries(options.hogs ?? {})) {
      await machine.run(['mkdir', '-p', `${bank}/line${line}/hog`]);
      await machine.write(`${bank}/line${line}/hog/name`, holder);
      await machine.write(`${bank}/line${line}/hog/direction`, 'input');
    }
    await sim.plug();
    return sim;
  }

  /** Whoever had this line from the start has it no more; the chip comes anew. */
  async free(line: number): Promise<void> {
    await this.unplug();
    await this.#machine.run(['rmdir', `${CONFIG}/${this.#name}/bank0/line${line}/hog`]);
    await this.plug();
  }

  /** Its device, by a name that stays: the kernel gives one that comes anew another number. */
  get device(): string {
    return `/dev/lab-${this.#name}`;
  }

  /** The kernel gets the chip. Name and owner are what a rule of udev would say. */
  async plug(): Promise<void> {
    const dir = `${CONFIG}/${this.#name}`;
    await this.#machine.write(`${dir}/live`, '1');
    const chip = await this.#machine.text(`${dir}/bank0/chip_name`);
    const device = await this.#machine.text(`${dir}/dev_name`);
    this.#sysfs = `/sys/devices/platform/${device}/${chip}`;
    await this.#machine.run(['udevadm', 'settle']);
    await this.#machine.run(['chown', 'crashcart', `/dev/${chip}`]);
    await this.#machine.run(['mkdir', '-p', this.#place]);
    await this.#machine.run(['ln', '-sfn', this.#sysfs, `${this.#place}/${chip}`]);
    if ((await this.#machine.tryRun(['mountpoint', CHIPS])).code !== 0) {
      await this.#machine.run(['mount', '-t', 'tmpfs', 'chips', CHIPS]);
    }
    await this.#machine.run(['ln', '-sfn', `${this.#place}/${chip}`, `${CHIPS}/${chip}`]);
    // Last: who waits for the chip takes it now.
    await this.#machine.run(['ln', '-sfn', chip, this.device]);
  }

  /** The chip goes. */
  async unplug(): Promise<void> {
    await this.#machine.write(`${CONFIG}/${this.#name}/live`, '0');
  }

  /** What an input has from outside. */
  async pull(line: number, high: boolean): Promise<void> {
    const pull = high ? 'pull-up' : 'pull-down';
    await this.#machine.write(`${this.#sysfs}/sim_gpio${line}/pull`, pull);
  }

  /** What a line has now. */
  async level(line: number): Promise<boolean> {
    return (await this.#machine.text(`${this.#sysfs}/sim_gpio${line}/value`)) === '1';
  }

  /** Follows a line from now on. */
  async watch(line: number): Promise<LineWatch> {
    return await LineWatch.start(this.#machine, `${this.#sysfs}/sim_gpio${line}/value`);
  }
}

/** The changes of one line. */
export class LineWatch implements AsyncDisposable {
  readonly #process: GuestProcess;
  readonly #changes = new StateCell<readonly LineChange[]>([]);

  private constructor(process: GuestProcess) {
    this.#process = process;
  }

  static async start(machine: LabMachine, path: string): Promise<LineWatch> {
    const watch = new LineWatch(machine.spawn([process.execPath, WATCH, path]));
    let rest = '';
    watch.#process.onOutput((piece) => {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      const changes = lines.map((line) => {
        const [time, value] = line.split(' ');
        return { timeMs: Number(time), level: value === '1' };
      });
      watch.#changes.set([...watch.#changes.value, ...changes]);
    });
    await watch.#atLeast(1);
    return watch;
  }

  /** Hears of each pulse that ends from now on: its length, ms, on the machine's own clock. */
  onPulse(heard: (lengthMs: number) => void): void {
    let count = this.#changes.value.length;
    this.#changes.subscribe((changes) => {
      for (; count < changes.length; count += 1) {
        const [before, now] = [changes[count - 1], changes[count]];
        if (before?.level && now && !now.level) heard(now.timeMs - before.timeMs);
      }
    });
  }

  /** The length of the next pulse that began after the start, ms; its line was low before. */
  async pulseMs(): Promise<number> {
    const [first, up, down] = await this.#atLeast(3);
    if (!up || !down || first?.level || !up.level) throw new Error('The line was high before');
    this.#changes.set([down]);
    return down.timeMs - up.timeMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #atLeast(count: number): Promise<readonly LineChange[]> {
    const enough = (changes: readonly LineChange[]) => changes.length >= count;
    return await until(this.#changes, enough, AbortSignal.timeout(WAIT_MS));
  }
}
