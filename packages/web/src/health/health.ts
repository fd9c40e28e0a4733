import type { HealthInfo, InfoState } from '@crashcart/api';
import { bytesText } from '../state/units.ts';

/** How good something is; `bad` wants a hand now, `warn` an eye. */
export type Grade = 'good' | 'warn' | 'bad';

/** One line of the health panel. */
export interface Fact {
  readonly label: string;
  /** What is so, in words. */
  readonly text: string;
  /** The box cannot tell; `text` is empty then. */
  readonly unknown?: boolean;
  /** Undefined where nothing is judged. */
  readonly grade?: Grade | undefined;
  /** How much of something is used, 0 to 1; drawn as a bar. */
  readonly share?: number | undefined;
  /** The next step, where there is one. */
  readonly advice?: string | undefined;
}

const unknown = (label: string): Fact => ({ label, text: '', unknown: true });
/** °C from which a processor is warm, and from which it soon slows itself down. */
const WARM = 70;
const HOT = 80;
/** Shares of memory in use. */
const TIGHT = 0.85;
const FULL = 0.95;

/** The health of the box, a line each. */
export function healthFacts(
  health: HealthInfo,
  fan: InfoState['fan'] | undefined,
): readonly Fact[] {
  return [
    processor(health.cpu.percent),
    memory(health.mem),
    temperature(health.temp.cpu),
    ...throttling(health.throttling),
    fanFact(fan),
  ];
}

/** What the box cannot tell, as a sentence; undefined where it tells all. */
export function unknownText(facts: readonly Fact[]): string | undefined {
  const labels = facts.filter((fact) => fact.unknown).map(({ label }) => label.toLowerCase());
  return labels.length === 0 ? undefined : `This box does not tell: ${labels.join(', ')}.`;
}

/** The one sentence above the lines: the gravest thing first. */
export function healthSummary(facts: readonly Fact[]): Fact {
  const gravest =
    facts.find(({ grade }) => grade === 'bad') ?? facts.find(({ grade }) => grade === 'warn');
  if (gravest === undefined) return { label: 'Health', text: 'All is well.', grade: 'good' };
  return { ...gravest, text: `${gravest.label}: ${gravest.text}` };
}

function processor(percent: number | null): Fact {
  if (percent === null) return unknown('Processor');
  return { label: 'Processor', text: `${percent} % busy`, share: percent / 100 };
}

function memory({ total, available }: HealthInfo['mem']): Fact {
  const label = 'Memory';
  if (total === null || available === null || total <= 0) return unknown(label);
  const share = Math.min(1, Math.max(0, 1 - available / total));
  const text = `${bytesText(total - available)} of ${bytesText(total)} used`;
  const advice = 'Give machines less memory, or the box more.';
  if (share >= FULL) return { label, text, share, grade: 'bad', advice };
  if (share >= TIGHT) return { label, text, share, grade: 'warn', advice };
  return { label, text, share, grade: 'good' };
}

function temperature(celsius: number | null): Fact {
  const label = 'Temperature';
  if (celsius === null) return unknown(label);
  const text = `${Math.round(celsius)} °C`;
  const advice = 'Give the box more air.';
  if (celsius >= HOT) return { label, text: `${text}, hot`, grade: 'bad', advice };
  if (celsius >= WARM) return { label, text: `${text}, warm`, grade: 'warn', advice };
  return { label, text, grade: 'good' };
}

function throttling(state: HealthInfo['throttling']): readonly Fact[] {
  if (state === null) return [unknown('Power supply'), unknown('Throttling')];
  const { undervoltage, freq_capped: capped, throttled } = state.parsed_flags;
  const past = (flag: { readonly past: boolean }) => flag.past && !state.ignore_past;
  const power: Fact = { label: 'Power supply', text: 'Voltage is good.', grade: 'good' };
  const speed: Fact = { label: 'Throttling', text: 'Runs at full speed.', grade: 'good' };
  const supply = 'Use a stronger power supply or a shorter cable.';
  const cooling = 'Give the box more air or a stronger power supply.';
  return [
    undervoltage.now
      ? { ...power, text: 'Voltage is too low.', grade: 'bad', advice: supply }
      : past(undervoltage)
        ? { ...power, text: 'Voltage was too low.', grade: 'warn', advice: supply }
        : power,
    throttled.now || capped.now
      ? { ...speed, text: 'Slowed down now.', grade: 'bad', advice: cooling }
      : past(throttled) || past(capped)
        ? { ...speed, text: 'Was slowed down.', grade: 'warn', advice: cooling }
        : speed,
  ];
}

function fanFact(fan: InfoState['fan'] | undefined): Fact {
  const label = 'Fan';
  if (!fan?.monitored) return { label, text: 'None is watched.' };
  const advice = 'Look whether the service kvmd-fan runs.';
  if (typeof fan.state !== 'object' || fan.state === null) {
    return { label, text: 'Its service does not answer.', grade: 'warn', advice };
  }
  // PiKVM's fan daemon: {fan: {speed (%), ok}, hall: {available, rpm}}.
  const { fan: motor, hall } = fan.state as {
    readonly fan?: { readonly speed?: unknown; readonly ok?: unknown };
    readonly hall?: { readonly available?: unknown; readonly rpm?: unknown };
  };
  if (motor?.ok === false) {
    return { label, text: 'Has failed.', grade: 'bad', advice: 'Look whether it can turn.' };
  }
  const parts: string[] = [];
  if (typeof motor?.speed === 'number') parts.push(`${Math.round(motor.speed)} %`);
  if (hall?.available === true && typeof hall.rpm === 'number') parts.push(`${hall.rpm} rpm`);
  return { label, text: parts.join(', ') || 'Runs.', grade: 'good' };
}

/** Time since the box started: `3 days 4 h 5 min`. */
export function uptimeText({ parts }: InfoState['uptime']): string {
  const { days, hours, minutes } = parts;
  const words = days === 1 ? '1 day ' : days > 1 ? `${days} days ` : '';
  return `${words}${words || hours > 0 ? `${hours} h ` : ''}${minutes} min`;
}

/** Names and versions of what works here; what is not known is left out. */
export function versionFacts(system: InfoState['system']): readonly Fact[] {
  const { crashcart, kvmd, kernel, platform } = system;
  const facts: Fact[] = [
    { label: 'crashcart', text: crashcart.version },
    { label: 'PiKVM API', text: kvmd.version },
  ];
  const { machine } = crashcart;
  if (machine?.qemu) facts.push({ label: 'QEMU', text: machine.qemu });
  if (machine !== undefined) facts.push({ label: 'Drivers', text: driversText(machine.drivers) });
  facts.push({ label: 'Kernel', text: `${kernel.system} ${kernel.release} ${kernel.machine}` });
  if (platform?.base) facts.push({ label: 'Box', text: platform.base });
  return facts;
}

const PART_WORDS = { hid: 'input', atx: 'power', msd: 'drive', streamer: 'screen' } as const;

/** `qemu (input, power, screen) · disabled (drive)` */
function driversText(drivers: Readonly<Record<keyof typeof PART_WORDS, string>>): string {
  const parts = new Map<string, string[]>();
  for (const part of Object.keys(PART_WORDS) as (keyof typeof PART_WORDS)[]) {
    const driver = drivers[part];
    parts.set(driver, [...(parts.get(driver) ?? []), PART_WORDS[part]]);
  }
  if (parts.size === 1) return drivers.hid;
  return [...parts].map(([driver, of]) => `${driver} (${of.join(', ')})`).join(' · ');
}
