import { type ReadonlyCell, StateCell, type Unsubscribe } from '../../core/state.ts';
import type { SwitchDriver } from '../../core/switch-driver.ts';

/** No Switch, and no place where one could be plugged in. */
export class DisabledSwitch implements SwitchDriver {
  readonly online: ReadonlyCell<boolean> = new StateCell(false);

  send(): undefined {
    return undefined;
  }

  onReply(): Unsubscribe {
    return () => undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
