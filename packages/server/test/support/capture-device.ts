import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../fixtures/capture-device.c', import.meta.url));
const PROGRAM = '/usr/bin/ustreamer';

/** A capture device that Debian's µStreamer takes for a real one, with its pictures' time in them. */
export class CaptureDevice {
  readonly path: string;
  readonly #library: string;

  /** Has a signal of 640x480. `directory` belongs to the caller. */
  constructor(directory: string) {
    this.path = join(directory, 'video');
    this.#library = join(directory, 'device.so');
    execFileSync('tcc', ['-shared', '-o', this.#library, SOURCE, '-ldl', '-lpthread']);
    writeFileSync(this.path, '');
    this.plug();
  }

  /** Its source gives pictures of this size, at most 1280x720, or what its chip cannot take. */
  plug(size: `${number}x${number}` | 'unlocked' | 'out-of-range' = '640x480'): void {
    writeFileSync(`${this.path}.signal`, size);
  }

  /** Its source gives none. */
  unplug(): void {
    rmSync(`${this.path}.signal`);
  }

  /** What makes a process meet it. */
  get env(): Readonly<Record<string, string>> {
    return { CAPTURE_DEVICE: this.path, LD_PRELOAD: this.#library };
  }

  /** `kvmd.streamer` that captures it in a process; `options` are of µStreamer. */
  streamer(options: readonly string[] = []) {
    const cmd = [
      ...['/usr/bin/env', ...Object.entries(this.env).map((pair) => pair.join('=')), PROGRAM],
      ...[`--device=${this.path}`, '--workers=1', '--desired-fps={desired_fps}'],
      ...['--quality={quality}', '--unix={unix}', '--unix-rm', '--exit-on-parent-death'],
      ...['--notify-parent', '--no-log-colors', ...options],
    ];
    return { type: 'ustreamer', shutdown_delay: 0.1, reset_delay: 0.1, cmd };
  }
}
