import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { runCommand } from '../../platform/command.ts';
import { type Process, type ProcessExit, spawnProcess } from '../../platform/process.ts';
import type { Command } from './ustreamer-command.ts';

/** How to run it. */
export interface ChildOptions {
  /** Run to their ends before each start and after each stop. */
  readonly preStart: Command;
  readonly postStop: Command;
  readonly log: Log;
}

/** A pre_start_cmd or post_stop_cmd that takes longer is killed, ms. */
const HOOK_MS = 10_000;
/** µStreamer needs up to a second to let go of its device; after this it is killed, ms. */
const STOP_MS = 3000;
/** `-- ERROR [26766.465    stream] -- Can't access device: No such file or directory`. */
const ERROR_LINE = /^-- ERROR \[[^\]]*\] -- (.+)$/;

/**
 * Runs µStreamer from its start to its end, at most one at a time; resolves with how it ended.
 * The abort of `signal` stops it, what it complains of goes to `onError`. Rejects when it cannot be
 * started.
 */
export async function runChild(
  argv: Command,
  { preStart, postStop, log }: ChildOptions,
  signal: AbortSignal,
  onError: (text: string) => void,
): Promise<{ readonly exit: ProcessExit; readonly lastLine: string | undefined }> {
  await runHook(preStart, log);
  try {
    signal.throwIfAborted();
    const [program, ...args] = argv;
    const child = await spawnProcess(program, args, {
      // In a group of its own: a wrapper script does not outlive its stop, and Ctrl-C is ours.
      detached: true,
      onLine: (line) => {
        log.debug({ line }, 'µStreamer');
        const error = ERROR_LINE.exec(line)?.[1];
        if (error !== undefined) onError(error);
      },
    });
    log.debug({ argv, pid: child.id.pid }, 'µStreamer is started');
    const stop = () => void stopChild(child);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const exit = await child.exit;
    signal.removeEventListener('abort', stop);
    // What a wrapper has left behind keeps the device.
    child.killGroup('SIGKILL');
    return { exit, lastLine: child.lastLines.at(-1) };
  } finally {
    await runHook(postStop, log);
  }
}

async function stopChild(child: Process): Promise<void> {
  child.killGroup('SIGTERM');
  const ended = new AbortController();
  void child.exit.then(() => ended.abort());
  try {
    await sleep(STOP_MS, ended.signal);
    child.killGroup('SIGKILL');
  } catch {
    // It has ended in time.
  }
}

async function runHook(argv: Command, log: Log): Promise<void> {
  try {
    const { code, output } = await runCommand(argv, { signal: AbortSignal.timeout(HOOK_MS) });
    if (code !== 0) log.warn({ argv, code, output: output.slice(-500) }, 'This command failed');
  } catch (error) {
    log.warn({ argv, err: error }, 'This command could not be run');
  }
}
