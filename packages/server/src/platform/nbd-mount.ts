import { watch } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dyingWithUs } from './dying-with-us.ts';
import { isThere } from './image-file.ts';
import { type Process, ProgramMissingError, spawnProcess } from './process.ts';

/** How long a mount may take, ms; it takes 50. */
const MOUNT_MS = 10_000;

/** An NBD export as a file that this user can read, by nbdfuse of libnbd and FUSE. */
export class NbdMount {
  readonly #process: Process;
  readonly #directory: string;

  private constructor(process: Process, directory: string) {
    this.#process = process;
    this.#directory = directory;
  }

  /**
   * Mounts the export of a unix socket as a file; its directory is made for it and must not exist.
   * Rejects with ProgramMissingError, else with what nbdfuse says.
   */
  static async open(socket: string, file: string): Promise<NbdMount> {
    const directory = dirname(file);
    const ready = `${directory}.pid`;
    await rm(ready, { force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const mount = ['nbdfuse', '--readonly', '--pidfile', ready, file, '--unix', socket];
    const [program, ...args] = dyingWithUs(mount);
    const process = await spawnProcess(program, args);
    const made = new NbdMount(process, directory);
    try {
      await untilThere(ready, process);
    } catch (error) {
      await made.close();
      const said = process.lastLines.join(' | ');
      // setpriv is there; what it cannot start is not.
      if (/failed to execute/.test(said)) throw new ProgramMissingError('nbdfuse');
      throw new Error(said === '' ? 'nbdfuse does not mount' : said, { cause: error });
    } finally {
      await rm(ready, { force: true });
    }
    return made;
  }

  /** Resolves when it is no longer mounted, whoever did that. */
  get ended(): Promise<unknown> {
    return this.#process.exit;
  }

  /** Unmounts it; who has the file open gets errors. */
  async close(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process.exit;
    await rmdir(this.#directory).catch(() => undefined);
  }
}

/** Resolves when the file is there; rejects when the process ends before, or after some seconds. */
async function untilThere(path: string, process: Process): Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const timer = setTimeout(() => ending.abort(new Error('It takes too long')), MOUNT_MS);
  void process.exit.then(() => ending.abort(new Error('It has ended')));
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => void isThere(path).then((there) => there && resolve(), reject);
      watch(dirname(path), { signal }, look).on('error', () => undefined);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      look();
    });
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}
