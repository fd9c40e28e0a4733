import { join } from 'node:path';
import type { HealthInfo } from '@crashcart/api';
import { commandOutput } from '../platform/command-output.ts';
import { listSystemDir, readSystemText } from '../platform/system-files.ts';

/** Where the Raspberry Pi's kernel shows the throttling flags without any tool. */
const FIRMWARE_FLAGS = 'devices/platform/soc/soc:firmware/get_throttled';

/** Thermal zones that tell the processor's temperature, the best first; else the first zone. */
const CPU_ZONES = ['cpu-thermal', 'cpu_thermal', 'x86_pkg_temp', 'soc-thermal', 'soc_thermal'];

/** Sensors by the name of their driver: of a Raspberry Pi's voltage, and of processors without a zone. */
const VOLTAGE_SENSORS = ['rpi_volt'];
const CPU_SENSORS = ['cpu_thermal', 'coretemp', 'k10temp', 'zenpower', 'soc_thermal'];

/** Processor time since boot, in ticks. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** Where the health is read. */
export interface HealthSources {
  readonly procDir: string;
  readonly sysDir: string;
  /** The tool that tells a Raspberry Pi's throttling; undefined where there is none. */
  readonly vcgencmd: readonly [string, ...string[]] | undefined;
  /** Told to clients only: past undervoltage and throttling should not be shown. */
  readonly ignorePast: boolean;
}

/** The first line of /proc/stat; guest time is within user time already. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const fields = /^cpu +([\d ]+)/m.exec(text)?.[1]?.trim().split(/ +/).map(Number);
  if (fields === undefined || fields.length < 4 || !fields.every(Number.isSafeInteger)) {
    return undefined;
  }
  const counted = fields.slice(0, 8);
  const total = counted.reduce((sum, ticks) => sum + ticks, 0);
  const idle = (counted[3] ?? 0) + (counted[4] ?? 0);
  return { busy: total - idle, total };
}

/** Whole percent of busy time between two readings; null when no time has passed or it went back. */
export function cpuPercent(before: CpuTimes | undefined, after: CpuTimes): number | null {
  const total = after.total - (before?.total ?? 0);
  const busy = after.busy - (before?.busy ?? 0);
  return total > 0 && busy >= 0 && busy <= total ? Math.floor((busy / total) * 100) : null;
}

/** Bytes and percent (one decimal) of /proc/meminfo; nulls where a line is missing. */
export function parseMemory(text: string): HealthInfo['mem'] {
  const bytesOf = (name: string): number | null => {
    const kib = new RegExp(`^${name}: *(\\d{1,12}) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const total = bytesOf('MemTotal');
  const available = bytesOf('MemAvailable');
  const percent =
    total === null || available === null || total === 0 || available > total
      ? null
      : Math.round(((total - available) / total) * 1000) / 10;
  return { percent, total, available };
}

/** °C of a thermal zone's text in thousandths; null when it cannot be a temperature. */
export function parseTemperature(text: string): number | null {
  const milli = /^-?\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return milli > -60_000 && milli < 200_000 ? milli / 1000 : null;
}

/** `throttled=0x50005` or `50005` (hexadecimal); undefined when it is neither. */
export function parseThrottledFlags(text: string): number | undefined {
  const hex = /^(?:throttled=)?(?:0x)?([\da-f]{1,8})$/i.exec(text.trim())?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** Bits 0, 1, 2 tell the present, bits 16, 17, 18 that it happened since boot. */
export function throttlingOf(flags: number, ignorePast: boolean): HealthInfo['throttling'] {
  const flag = (bit: number) => ({
    now: (flags & (1 << bit)) !== 0,
    past: (flags & (1 << (bit + 16))) !== 0,
  });
  return {
    raw_flags: flags,
    parsed_flags: { undervoltage: flag(0), freq_capped: flag(1), throttled: flag(2) },
    ignore_past: ignorePast,
  };
}

/** Reads the category `health` again and again; processor load is that since the last reading. */
export class HealthProbe {
  readonly #sources: HealthSources;
  #cpu: CpuTimes | undefined;
  #thermalFile: string | undefined;
  #voltageSensor: Promise<string | undefined> | undefined;

  constructor(sources: HealthSources) {
    this.#sources = sources;
  }

  /** One reading; never rejects: what cannot be read is null. The first load is that since boot. */
  async sample(signal?: AbortSignal): Promise<HealthInfo> {
    const { procDir } = this.#sources;
    const [stat, memory, cpuTemperature, throttling] = await Promise.all([
      readSystemText(join(procDir, 'stat')),
      readSystemText(join(procDir, 'meminfo')),
      this.#temperature(),
      this.#throttling(signal),
    ]);
    const times = parseCpuTimes(stat ?? '');
    const percent = times ? cpuPercent(this.#cpu, times) : null;
    this.#cpu = times;
    return {
      temp: { cpu: cpuTemperature },
      cpu: { percent },
      mem: parseMemory(memory ?? ''),
      throttling,
    };
  }

  async #temperature(): Promise<number | null> {
    this.#thermalFile ??= await findThermalFile(this.#sources.sysDir);
    return parseTemperature((await readSystemText(this.#thermalFile)) ?? '');
  }

  async #throttling(signal?: AbortSignal): Promise<HealthInfo['throttling']> {
    const { sysDir, vcgencmd, ignorePast } = this.#sources;
    let text = await readSystemText(join(sysDir, FIRMWARE_FLAGS));
    if (text === undefined && vcgencmd !== undefined) {
      text = await commandOutput([...vcgencmd, 'get_throttled'], signal ? { signal } : {}).catch(
        () => undefined,
      );
    }
    const flags = parseThrottledFlags(text ?? '') ?? (await this.#voltageFlags());
    return flags === undefined ? null : throttlingOf(flags, ignorePast);
  }

  /** Of kernels that tell a Raspberry Pi's low voltage as an alarm; bit 0 is that of the firmware. */
  async #voltageFlags(): Promise<number | undefined> {
    this.#voltageSensor ??= findSensor(this.#sources.sysDir, VOLTAGE_SENSORS);
    const sensor = await this.#voltageSensor;
    if (sensor === undefined) return undefined;
    const alarm = (await readSystemText(join(sensor, 'in0_lcrit_alarm')))?.trim();
    return alarm === '1' ? 1 : alarm === '0' ? 0 : undefined;
  }
}

/** The directory of the first sensor with one of these names; undefined when there is none. */
async function findSensor(sysDir: string, names: readonly string[]): Promise<string | undefined> {
  const dir = join(sysDir, 'class/hwmon');
  for (const entry of (await listSystemDir(dir)) ?? []) {
    const name = (await readSystemText(join(dir, entry, 'name')))?.trim() ?? '';
    if (names.includes(name)) return join(dir, entry);
  }
  return undefined;
}

async function findThermalFile(sysDir: string): Promise<string> {
  const dir = join(sysDir, 'class/thermal');
  const zones = ((await listSystemDir(dir)) ?? []).filter((name) => /^thermal_zone\d+$/.test(name));
  const kinds = await Promise.all(
    zones.map(async (zone) => (await readSystemText(join(dir, zone, 'type')))?.trim() ?? ''),
  );
  for (const kind of CPU_ZONES) {
    const zone = zones[kinds.indexOf(kind)];
    if (zone !== undefined) return join(dir, zone, 'temp');
  }
  if (zones[0] !== undefined) return join(dir, zones[0], 'temp');
  const sensor = await findSensor(sysDir, CPU_SENSORS);
  return sensor === undefined ? join(dir, 'thermal_zone0/temp') : join(sensor, 'temp1_input');
}
