import type { HidDriverState } from '../../core/hid-driver.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import type { SerialInput } from './input-queue.ts';

/** What a device says to a request. */
export type SerialAnswer =
  /** It has it. With `restarts` it is away for a moment now. */
  | { readonly kind: 'done'; readonly restarts: boolean }
  /** It does not have it; `request` is what to send now. */
  | { readonly kind: 'again'; readonly request: Uint8Array }
  /** It will never take it. */
  | { readonly kind: 'refused'; readonly why: string };

/** What a device knows of itself while it answers. */
export type SerialDeviceState = Pick<HidDriverState, 'connected' | 'keyboard' | 'mouse'>;

/** A keyboard and mouse behind a serial line: what its bytes are, and what they told. */
export interface SerialDevice {
  readonly state: ReadonlyCell<SerialDeviceState>;
  /** Asks how it is; sent while there is nothing else to do. */
  readonly poll: Uint8Array;
  /** The requests of an input; none for one that it lacks. */
  requestsOf(input: SerialInput): readonly Uint8Array[];
  /** Reads what comes after a request until it says something. */
  reader(request: Uint8Array): (bytes: Uint8Array) => SerialAnswer | undefined;
  /** Makes it another keyboard or mouse; the requests for that. */
  setOutput(part: 'keyboard' | 'mouse', output: string): readonly Uint8Array[];
  /** Plugs it in to the machine or out; the requests for that. */
  setConnected(connected: boolean): readonly Uint8Array[];
  /** Starts it anew, where a request can. */
  readonly reset: readonly Uint8Array[];
}
