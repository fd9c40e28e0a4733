import { computed, signal } from '@preact/signals';
import type { PanelName } from './panels.ts';

/** Something that takes long and goes on when its panel is closed. */
export interface LongAct {
  /** Unique among those that run. */
  readonly id: string;
  /** What is done, e.g. `Uploading debian.iso`. */
  readonly title: string;
  /** How much is done, in the unit of `total`. */
  readonly done: number;
  /** Undefined where the end is not known. */
  readonly total: number | undefined;
  readonly unit: 'bytes' | 'characters';
  /** Per second; undefined until measured. */
  readonly speed: number | undefined;
  /** Where it is shown with all that belongs to it. */
  readonly panel: PanelName;
  readonly cancel: () => void;
}

/** The id of the typing of a text. */
export const TYPING_ACT = 'typing';

/** What runs now; the bar draws a ring for it. */
export const longActs = signal<readonly LongAct[]>([]);

/** Adds the act, or replaces the one with its id. */
export function showAct(act: LongAct): void {
  const others = longActs.peek();
  longActs.value = others.some(({ id }) => id === act.id)
    ? others.map((other) => (other.id === act.id ? act : other))
    : [...others, act];
}

/** Takes the act away. */
export function endAct(id: string): void {
  longActs.value = longActs.peek().filter((act) => act.id !== id);
}

/** How much of all that runs is done, 0 to 1; undefined when nothing runs or no end is known. */
export const allDone = computed(() => {
  const shares = longActs.value.flatMap(({ done, total }) => (total ? [done / total] : []));
  if (shares.length === 0) return undefined;
  return Math.min(1, shares.reduce((sum, share) => sum + share, 0) / shares.length);
});
