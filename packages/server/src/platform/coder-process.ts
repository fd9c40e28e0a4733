import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** Bytes of what it says on its standard error that are kept. */
const KEPT_BYTES = 2000;

/** Who uses a `CoderProcess`. */
export interface CoderListener {
  /** Bytes of its standard output, in order. */
  onOutput(bytes: Buffer): void;
  /** It has ended, or could not be started; `reason` is a sentence. Called once. */
  onEnd(reason: string): void;
}

/** A program that turns a stream of bytes into another, as long as it is wanted. No shell. */
export class CoderProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #ended = false;

  constructor(program: string, args: readonly string[], listener: CoderListener) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#child;
    let said = '';
    const end = (reason: string) => {
      if (this.#ended) return;
      this.#ended = true;
      listener.onEnd(reason);
    };
    stdout.on('data', (bytes: Buffer) => {
      if (!this.#ended) listener.onOutput(bytes);
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_BYTES);
    });
    // It has ended, which is told below.
    stdin.on('error', () => undefined);
    this.#child.once('error', (error) => end(`${program}: ${error.message}`));
    this.#child.once('close', (code, signal) => {
      end(`${program} ended with ${code ?? signal}${said === '' ? '' : `: ${said.trim()}`}`);
    });
  }

  /** Resolves when it has taken all of it, or has ended. Never rejects. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#child.stdin.write(bytes, () => resolve());
    });
  }

  /** Kills it; the listener hears no more. */
  kill(): void {
    this.#ended = true;
    this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
  }
}
