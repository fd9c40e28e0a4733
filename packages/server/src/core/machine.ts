import type { Atx } from './atx.ts';
import type { Gpio } from './gpio.ts';
import type { Hid } from './hid.ts';
import type { Msd } from './msd.ts';
import type { Streamer } from './streamer.ts';
import type { Switch } from './switch.ts';

/** What a part shows; somebody else's needs no private fields to take its place. */
type Public<T> = Pick<T, keyof T>;

/** A part whose acts may take time, since somebody else does them. */
type Remotable<T, Acts extends keyof T> = Omit<T, Acts> & {
  readonly [A in Acts]: T[A] extends (...args: infer Given) => infer Made
    ? (...args: Given) => Made | Promise<Awaited<Made>>
    : never;
};

/** Keyboard and mouse: a `Hid`, or one that lives elsewhere, whose own server wakes its machine. */
export type HidPart = Remotable<Omit<Hid, 'wake'>, 'inactivityS'>;
/** Power and reset: an `Atx`, or one that lives elsewhere. */
export type AtxPart = Public<Atx>;
/** The virtual drive: a `Msd`, or one that lives elsewhere. */
export type MsdPart = Public<Msd>;
/** The user lines: a `Gpio`, or those that live elsewhere. */
export type GpioPart = Public<Gpio>;
/** The PiKVM Switch: a `Switch`, or one that lives elsewhere. */
export type SwitchPart = Remotable<
  Switch,
  Exclude<keyof Switch, 'state' | 'close' | typeof Symbol.asyncDispose>
>;

/**
 * A managed computer. It always has all its parts; an absent one has its `disabled` driver, so
 * nobody tests for undefined.
 */
export interface Machine extends AsyncDisposable {
  /** Key of `machines:` in the configuration; `default` for PiKVM's. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly hid: HidPart;
  readonly atx: AtxPart;
  readonly msd: MsdPart;
  readonly streamer: Streamer;
  readonly gpio: GpioPart;
  readonly switch: SwitchPart;
}
