import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A state directory of a test, which ends what still runs in it and goes with the test. */
export class StateDirectory implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'cc-'));

  /** Writes a configuration file; its path. */
  config(text: string): string {
    const path = join(this.path, 'test.yaml');
    writeFileSync(path, text);
    return path;
  }

  /** The pids of all QEMUs whose command line names this directory. */
  qemus(): readonly number[] {
    return processesOf('qemu-system', this.path);
  }

  /** Those of all µStreamers. */
  ustreamers(): readonly number[] {
    return processesOf('ustreamer', this.path);
  }

  /** Everything that a log file below it holds. */
  logs(): string {
    const folder = join(this.path, 'log');
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of [...this.qemus(), ...this.ustreamers()]) process.kill(pid, 'SIGKILL');
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The pids of all programs of this name whose command line names this directory. */
export function processesOf(name: string, directory: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const line = commandLine(pid);
      // µStreamer writes its own title over its arguments: all of them are one then.
      return line[0]?.includes(name) && line.some((argument) => argument.includes(directory));
    })
    .map(Number);
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
