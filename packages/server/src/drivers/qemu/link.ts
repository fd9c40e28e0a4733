import type { ReadonlyCell } from '../../core/state.ts';
import type { QmpClient } from './qmp-client.ts';

/** What the parts of the machine need of QEMU. */
export interface QemuLink {
  readonly client: ReadonlyCell<QmpClient | undefined>;
  /** QEMU's run state (`running`, `prelaunch`, `shutdown`, …); empty without a connection. */
  readonly runState: ReadonlyCell<string>;
  /** Why the machine does not work; undefined while it does. */
  readonly failure: ReadonlyCell<string | undefined>;
  /** Where QEMU logs what it traces; undefined where it is not ours. */
  readonly logFile: string | undefined;
  /** Rejects with UnavailableError when there is no connection. */
  execute(command: string, args?: object, signal?: AbortSignal): Promise<unknown>;
}
