import { type CoderListener, CoderProcess } from '../platform/coder-process.ts';

/** An FFmpeg that has not got its stream yet. */
class WaitingFfmpeg {
  readonly arguments: readonly string[];
  readonly #process: CoderProcess;
  #user: CoderListener | undefined;
  #hasEnded = false;

  constructor(program: string, args: readonly string[]) {
    this.arguments = args;
    this.#process = new CoderProcess(program, args, {
      onOutput: (bytes) => this.#user?.onOutput(bytes),
      onEnd: (reason) => {
        this.#hasEnded = true;
        this.#user?.onEnd(reason);
      },
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** It belongs to this listener from now on. */
  use(listener: CoderListener): CoderProcess {
    this.#user = listener;
    return this.#process;
  }

  kill(): void {
    this.#process.kill();
  }
}

/** From a stream's first picture to the start of what waits for the next stream, ms. */
const PREPARE_MS = 500;
/** What waits is kept so long after the last stream, ms. */
const KEEP_MS = 1000;

/**
 * Keeps one FFmpeg waiting while a stream runs: a source that changes its size needs another one, and its
 * start takes several times as long as its first picture. It is told its size by the stream itself.
 */
export class FfmpegPool {
  readonly program: string;
  #waiting: WaitingFfmpeg | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(program: string) {
    this.program = program;
  }

  /** An FFmpeg with these arguments, the one that waits or a new one. */
  take(args: readonly string[], listener: CoderListener): CoderProcess {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting && !waiting.hasEnded && isSame(waiting.arguments, args)) {
      return waiting.use(listener);
    }
    waiting?.kill();
    return new WaitingFfmpeg(this.program, args).use(listener);
  }

  /** The stream of these arguments has a picture: the next one may be prepared. */
  prepare(args: readonly string[]): void {
    this.#later(PREPARE_MS, () => {
      this.#waiting ??= new WaitingFfmpeg(this.program, args);
    });
  }

  /** The stream has ended, perhaps for another one. */
  release(): void {
    this.#later(KEEP_MS, () => {
      this.#waiting?.kill();
      this.#waiting = undefined;
    });
  }

  #later(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
    this.#timer.unref();
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
