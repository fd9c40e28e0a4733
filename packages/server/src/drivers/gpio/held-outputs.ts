import type { GpioPin } from '../../core/gpio-driver.ts';

/** An output that programs of libgpiod drive. */
export interface HeldPin {
  readonly pin: GpioPin;
  readonly offset: number;
}

/** Outputs as long as they are ours. */
export interface HeldOutputs extends AsyncDisposable {
  /** Rejects when one of them was lost; never resolves. */
  readonly lost: Promise<never>;
  /** The lines that somebody must be seen to hold. */
  readonly offsets: readonly number[];
  /** What they were set to, by pin. */
  readonly levels: ReadonlyMap<string, boolean>;
  /** Resolves when the line has the level; rejects when it cannot have it. */
  write(pin: string, level: boolean, signal: AbortSignal): Promise<void>;
}

/** What an output has before anybody sets it. */
export function firstLevel({ initial, off = false }: GpioPin): boolean {
  return initial ?? off;
}
