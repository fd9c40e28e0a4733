import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dyingWithUs } from './dying-with-us.ts';
import { ProgramMissingError } from './process.ts';

/** Characters of a line, and of its complaints, that are kept. */
const KEPT_CHARS = 2000;
/** How long it may take to end when it is asked to, ms. */
const END_MS = 1000;

/** A program that serves us until we end it, and dies with us. No shell is involved. */
export class HelperProcess implements AsyncDisposable {
  /** Rejects when it has ended, with what it complained of; never resolves. */
  readonly ended: Promise<never>;
  readonly #child: ReturnType<typeof spawnGuarded>;
  readonly #closed: Promise<unknown>;
  #complaints = '';

  private constructor(program: string, child: ReturnType<typeof spawnGuarded>) {
    this.#child = child;
    this.#closed = once(child, 'close');
    this.ended = this.#closed.then(() => {
      const said = this.#complaints.trim();
      throw new Error(said || `${program} ended by itself`);
    });
    // Who has begun to end it does not ask why.
    this.ended.catch(() => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-KEPT_CHARS);
    });
    child.stdin.on('error', () => undefined);
  }

  /**
   * Starts it. `onLine` gets each line of its standard output, also the last part of one. Rejects
   * when the program that guards it is not installed; one that itself is missing ends at once.
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    onLine: (line: string) => void,
  ): Promise<HelperProcess> {
    const child = spawnGuarded(program, args);
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new ProgramMissingError(child.spawnfile, { cause: error });
    }
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-KEPT_CHARS);
      for (const line of lines) onLine(line);
    });
    return new HelperProcess(program, child);
  }

  /** What it has written to its standard error, the last 2000 characters. */
  get complaints(): string {
    return this.#complaints;
  }

  /** Gives it some input; lost when it has ended. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends it; resolves when it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await this.#closed;
    clearTimeout(kill);
  }
}

function spawnGuarded(program: string, args: readonly string[]) {
  const env = { LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
  // It must not outlive us: the device that it holds would be held for good.
  const [guard, ...words] = dyingWithUs([program, ...args], 'KILL');
  return spawn(guard, words, { stdio: ['pipe', 'pipe', 'pipe'], env });
}
