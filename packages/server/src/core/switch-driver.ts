import type { SwitchReply, SwitchRequest } from '../protocols/pikvm-switch/message.ts';
import type { ReadonlyCell, Unsubscribe } from './state.ts';

/** The line to a chain of PiKVM Switch units. */
export interface SwitchDriver extends AsyncDisposable {
  /** Whether there is a line. */
  readonly online: ReadonlyCell<boolean>;
  /** Sends a request and gives the rid that its reply will have; undefined when there is no line. */
  send(request: SwitchRequest): number | undefined;
  /** Calls `listener`, which must not throw, with each reply. */
  onReply(listener: (reply: SwitchReply) => void): Unsubscribe;
}
