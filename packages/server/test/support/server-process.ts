import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The built server. */
export const MAIN = fileURLToPath(new URL('../../bundle/main.js', import.meta.url));
const READY = /^crashcart ready (https?:\/\/\S+|unix:\S+)$/;

/** The built server as its own process, as a user starts it. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: readonly string[];

  private constructor(child: ChildProcess, url: string, output: readonly string[]) {
    this.child = child;
    this.url = url;
    this.output = output;
  }

  /**
   * Starts it and resolves at its ready line; rejects with its output when it ends before. Another
   * `command` is one that becomes Node with a server's file.
   */
  static async start(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    command: readonly string[] = [process.execPath, MAIN],
  ): Promise<ServerProcess> {
    const [program = '', ...args] = [...command, 'run', ...argv];
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        output.push(line);
        const ready = READY.exec(line);
        if (ready?.[1]) resolve(ready[1]);
      });
      child.once('close', (code) => {
        reject(new Error(`The server ended with ${code}:\n${output.join('\n')}`));
      });
    });
    return new ServerProcess(child, url, output);
  }

  /** Sends a signal and resolves with the exit code (null after a kill). */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const closed = once(this.child, 'close');
    this.child.kill(signal);
    const [code] = await closed;
    return code as number | null;
  }
}
