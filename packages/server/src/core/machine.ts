import type { GpioState, MsdState, SwitchState } from '@crashcart/api';
import type { Atx } from './atx.ts';
import type { Hid } from './hid.ts';
import type { ReadonlyCell } from './state.ts';
import type { Streamer } from './streamer.ts';

/**
 * A managed computer. It always has all its parts; an absent one has its `disabled` driver, so
 * nobody tests for undefined.
 */
export interface Machine extends AsyncDisposable {
  /** Key of `machines:` in the configuration; `default` for PiKVM's. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly hid: Hid;
  readonly atx: Atx;
  readonly msd: { readonly state: ReadonlyCell<MsdState> };
  readonly streamer: Streamer;
  readonly gpio: { readonly state: ReadonlyCell<GpioState> };
  readonly switch: { readonly state: ReadonlyCell<SwitchState> };
}
