import { KvmError } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import type { Unsubscribe } from '../core/state.ts';
import { runCommand } from '../platform/command.ts';

/** How long a command may take: the file system first writes what it still has, ms. */
const COMMAND_MS = 60_000;

/** A program with its arguments; `{mode}` in them becomes `rw` or `ro`. */
export type RemountCommand = readonly [string, ...string[]];

/** The file system of a storage that is read-only while nobody writes, as PiKVM OS has it. */
export class StorageMount {
  readonly #command: RemountCommand;
  readonly #log: Log;
  #users = 0;
  #isWritable = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(command: RemountCommand, log: Log) {
    this.#command = command;
    this.#log = log;
  }

  /**
   * Makes it writable. When all have called what they got here, it becomes read-only again. Throws
   * MsdStorageReadOnlyError.
   */
  async use(): Promise<Unsubscribe> {
    this.#users += 1;
    let isUsed = true;
    const release = () => {
      if (!isUsed) return;
      isUsed = false;
      this.#users -= 1;
      if (this.#users === 0) void this.#inTurn(() => this.#protect());
    };
    try {
      await this.#inTurn(() => this.#open());
    } catch (error) {
      release();
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The storage could not be made writable: ${reason}`;
      throw new KvmError('MsdStorageReadOnlyError', message, { cause: error });
    }
    return release;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #open(): Promise<void> {
    if (this.#isWritable) return;
    await this.#remount('rw');
    this.#isWritable = true;
  }

  async #protect(): Promise<void> {
    if (this.#users > 0 || !this.#isWritable) return;
    try {
      await this.#remount('ro');
      this.#isWritable = false;
    } catch (error) {
      this.#log.warn({ err: error }, 'The storage could not be made read-only again');
    }
  }

  async #remount(mode: 'rw' | 'ro'): Promise<void> {
    const [program, ...args] = this.#command;
    const argv = [program, ...args.map((arg) => arg.replaceAll('{mode}', mode))] as const;
    const { code, output } = await runCommand(argv, { signal: AbortSignal.timeout(COMMAND_MS) });
    if (code === 0) return;
    throw new Error(`${program} ended with ${code ?? 'a signal'}: ${output.trim().slice(-500)}`);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
