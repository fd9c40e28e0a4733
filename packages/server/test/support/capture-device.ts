import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../fixtures/capture-device.c', import.meta.url));
const PROGRAM = '/usr/bin/ustreamer';

/** A capture device that Debian's µStreamer takes for a real one, with its pictures' time in them. */
export class CaptureDevice {
  readonly path: string;
  readonly #library: string;
  readonly #isMute: boolean;

  /** Has a signal of 640x480. `directory` belongs to the caller; a `mute` one tells of no change. */
  constructor(directory: string, { mute = false } = {}) {
    this.#isMute = mute;
    this.path = join(directory, 'video');
    this.#library = join(directory, 'device.so');
    execFileSync('tcc', ['-shared', '-o', this.#library, SOURCE, '-ldl', '-lpthread']);
    writeFileSync(this.path, '');
    this.plug();
  }

  /** Its source gives pictures of this size, at most 1280x720, or what its chip cannot take. */
  plug(size: `${number}x${number}` | 'unlocked' | 'out-of-range' = '640x480'): void {
    // In one step: nothing in between is a source, too.
    writeFileSync(`${this.path}.next`, size);
    renameSync(`${this.path}.next`, `${this.path}.signal`);
  }

  /** Its source gives none. */
  unplug(): void {
    rmSync(`${this.path}.signal`);
  }

  /** What makes a process meet it. */
  get env(): Readonly<Record<string, string>> {
    const mute = this.#isMute ? { CAPTURE_MUTE: '1' } : {};
    return { CAPTURE_DEVICE: this.path, LD_PRELOAD: this.#library, ...mute };
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
