import { KvmError, type MsdDownload, type MsdUpload } from '@crashcart/api';
import { type ReadonlyCell, StateCell, until } from './state.ts';

/** What a drive does at the moment. */
export interface MsdActivityState {
  readonly busy: boolean;
  readonly uploading: MsdUpload | null;
  readonly downloading: MsdDownload | null;
}

const IDLE: MsdActivityState = { busy: false, uploading: null, downloading: null };

/** What is under way at a drive; one thing at a time. */
export class MsdActivity {
  readonly state: ReadonlyCell<MsdActivityState>;
  readonly #state = new StateCell(IDLE);
  readonly #controller = new AbortController();
  readonly #onIdle: () => void;

  /** `onIdle` is called whenever something has ended. */
  constructor(onIdle: () => void) {
    this.state = this.#state;
    this.#onIdle = onIdle;
  }

  /** Aborts when the drive is closed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins; what it returns ends it. Throws MsdIsBusyError, and UnavailableError once closed. */
  enter(): () => void {
    this.signal.throwIfAborted();
    if (this.#state.value.busy) throw new KvmError('MsdIsBusyError');
    this.#state.set({ ...IDLE, busy: true });
    return () => {
      this.#state.set(IDLE);
      this.#onIdle();
    };
  }

  /** How far it is. */
  tell(progress: Partial<Omit<MsdActivityState, 'busy'>>): void {
    this.#state.patch(progress);
  }

  /** Ends what is under way, and waits for it; nothing begins any more. */
  async close(): Promise<void> {
    this.#controller.abort(new KvmError('UnavailableError'));
    await until(this.#state, ({ busy }) => !busy);
  }
}
