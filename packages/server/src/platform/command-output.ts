import { execFile } from 'node:child_process';

/** Limits of one run. */
export interface CommandLimits {
  /** After this the program is killed. Default 2000 ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * What a short-lived program prints on its standard output, at most 64 KiB. Rejects when it is
 * missing, fails, prints too much or takes too long. No shell is involved.
 */
export function commandOutput(
  argv: readonly [string, ...string[]],
  { timeoutMs = 2000, signal }: CommandLimits = {},
): Promise<string> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // Node's own `signal` keeps its listener for good when the program is missing.
    const stop = () => child.kill('SIGKILL');
    const child = execFile(
      file,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024, encoding: 'utf8' },
      (error, stdout) => {
        signal?.removeEventListener('abort', stop);
        if (error) reject(signal?.aborted ? signal.reason : error);
        else resolve(stdout);
      },
    );
    signal?.addEventListener('abort', stop);
  });
}
