import { execFile } from 'node:child_process';

/** How a program ended. */
export interface ProgramAnswer {
  /** Its exit code. */
  readonly code: number;
  /** Its standard output and error, at most 64 KiB each. */
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a short-lived program in the C locale and gives it `input`; no shell is involved and nothing
 * of the environment but PATH. Rejects when it is missing, is killed or says too much; the signal
 * kills it.
 */
export function programAnswer(
  argv: readonly [string, ...string[]],
  input: string,
  signal: AbortSignal,
): Promise<ProgramAnswer> {
  const [file, ...args] = argv;
  const env = { LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { env, signal, killSignal: 'SIGKILL', maxBuffer: 64 * 1024, encoding: 'utf8' },
      (error, out, err) => {
        const code = error ? error.code : 0;
        if (typeof code === 'number') resolve({ code, out, err });
        else reject(error);
      },
    );
    // It may end without reading.
    child.stdin?.on('error', () => undefined).end(input);
  });
}
