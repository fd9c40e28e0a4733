import { join } from 'node:path';
import { sleep } from '../../core/sleep.ts';
import { isSystemError } from '../../platform/files.ts';
import { readSysfs, writeSysfs } from '../../platform/sysfs.ts';
import { systemPathExists } from '../../platform/system-files.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';

/** Options of `pwm`, named as in the configuration; times in ns. */
export interface PwmOptions {
  /** Number of the chip. */
  readonly chip: number;
  readonly period: number;
  readonly duty_cycle_push: number;
  readonly duty_cycle_release: number;
}

/** Options of `servo`: angles in degrees for the two positions, and the limits of the motor. */
export interface ServoOptions {
  readonly chip: number;
  readonly period: number;
  readonly duty_cycle_min: number;
  readonly duty_cycle_max: number;
  readonly angle_min: number;
  readonly angle_max: number;
  readonly angle_push: number;
  readonly angle_release: number;
}

const POLL_MS = 2000;
/** udev may take a while to make the files of an exported channel ours. */
const EXPORT_TRIES = 10;
const EXPORT_WAIT_MS = 100;

/** Channels of a PWM chip (linux/Documentation/driver-api/pwm.rst). Pins are their numbers. */
export function createPwm(options: PwmOptions, context: GpioContext): PolledDriver {
  const { period, duty_cycle_push: push, duty_cycle_release: release } = options;
  const chip = join(context.system?.sysDir ?? '/sys', `class/pwm/pwmchip${options.chip}`);
  const pins = [...new Set(context.pins.map(({ pin }) => pin))];
  /** What a channel gets while it is prepared: its first level, later the one it had. */
  const wanted = new Map(context.pins.map(({ pin, initial }) => [pin, initial ?? false]));
  const ready = new Set<string>();
  const file = (pin: string, name: string) => join(chip, `pwm${pin}`, name);
  const failed = new Set<string>();

  const prepare = async (pin: string, signal: AbortSignal) => {
    if (!(await systemPathExists(join(chip, `pwm${pin}`)))) {
      await writeSysfs(join(chip, 'export'), pin);
    }
    await writeWhenReady(file(pin, 'period'), String(period), signal);
    await writeSysfs(file(pin, 'duty_cycle'), String(wanted.get(pin) ? push : release));
    await writeSysfs(file(pin, 'enable'), '1');
    ready.add(pin);
  };

  return new PolledDriver(context, {
    pollMs: POLL_MS,
    async poll(signal) {
      const levels = new Map<string, boolean>();
      for (const pin of pins) {
        try {
          if (!ready.has(pin)) await prepare(pin, signal);
          levels.set(pin, Number(await readSysfs(file(pin, 'duty_cycle'))) === push);
          failed.delete(pin);
        } catch (error) {
          signal.throwIfAborted();
          ready.delete(pin);
          const { log, name } = context;
          if (!failed.has(pin)) log.warn({ driver: name, pin, err: error }, 'PWM failed');
          failed.add(pin);
        }
      }
      if (levels.size === 0) throw new Error(`${chip} has no channel that works`);
      return levels;
    },
    async write(pin, level) {
      await writeSysfs(file(pin, 'duty_cycle'), String(level ? push : release));
      wanted.set(pin, level);
    },
    async release() {
      for (const pin of ready) {
        await writeSysfs(file(pin, 'enable'), '0').catch(() => undefined);
        await writeSysfs(join(chip, 'unexport'), pin).catch(() => undefined);
      }
      ready.clear();
    },
  });
}

/** A servo motor on a PWM channel. */
export function createServo(options: ServoOptions, context: GpioContext): PolledDriver {
  const { chip, period, angle_push: push, angle_release: release } = options;
  return createPwm(
    {
      ...{ chip, period },
      duty_cycle_push: dutyOf(push, options),
      duty_cycle_release: dutyOf(release, options),
    },
    context,
  );
}

/** The duty cycle of an angle, which is moved into its limits; ns, whole. */
export function dutyOf(angle: number, limits: Omit<ServoOptions, 'chip' | 'period'>): number {
  const { duty_cycle_min: low, duty_cycle_max: high, angle_min: from, angle_max: to } = limits;
  const inside = Math.min(to, Math.max(from, angle));
  return Math.trunc(low + ((inside - from) * (high - low)) / (to - from));
}

async function writeWhenReady(path: string, value: string, signal: AbortSignal): Promise<void> {
  for (let left = EXPORT_TRIES; ; left -= 1) {
    try {
      return await writeSysfs(path, value);
    } catch (error) {
      if (left <= 0 || !isSystemError(error, 'ENOENT', 'EACCES', 'EPERM')) throw error;
    }
    await sleep(EXPORT_WAIT_MS, signal);
  }
}
