import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { ProgramMissingError } from './process.ts';

/** Bytes of what it says on its standard error that are kept. */
const KEPT_BYTES = 2000;

/**
 * What a program makes of a stream of bytes. Resolves when it runs; rejects with
 * ProgramMissingError when it is not installed. The bytes must be read to their end, which rejects
 * when the program or the source fails; who stops reading ends the program.
 */
export async function filterThrough(
  program: string,
  args: readonly string[],
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<AsyncGenerator<Uint8Array>> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  try {
    await once(child, 'spawn');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw missing ? new ProgramMissingError(program, { cause: error }) : error;
  }
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_BYTES);
  });
  const exit = once(child, 'close');
  async function* filtered(): AsyncGenerator<Uint8Array> {
    const fed = pipeline(source, child.stdin, { signal });
    const kill = () => child.kill('SIGKILL');
    // Told below, when the output has ended.
    fed.catch(kill);
    // A program that has all of its input may work on it for long.
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    try {
      yield* child.stdout as AsyncIterable<Uint8Array>;
      await fed;
      const [code] = await exit;
      signal.throwIfAborted();
      if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.trim()}`);
    } finally {
      signal.removeEventListener('abort', kill);
      child.kill('SIGKILL');
      child.stdin.destroy();
      await fed.catch(() => undefined);
    }
  }
  return filtered();
}
