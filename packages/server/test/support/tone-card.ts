import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A sound card without a kernel, by libasound's own plug-ins: what is captured from the device
 * `tone` comes through a pipe, where ffmpeg plays a tone in real time to whoever opens it.
 */
export class ToneCard implements Disposable {
  readonly device = 'tone';
  readonly #directory = mkdtempSync(join(tmpdir(), 'cc-tone-'));
  readonly #hz: number;
  #player: ChildProcess | undefined;

  constructor(hz: number) {
    this.#hz = hz;
    execFileSync('mkfifo', [this.#pipe]);
    const plugin = `type file slave.pcm quiet file /dev/null infile ${this.#pipe} format raw`;
    const file = join(this.#directory, 'asound.conf');
    writeFileSync(file, `pcm.quiet { type null }\npcm.${this.device} { ${plugin} }\n`);
    process.env.ALSA_CONFIG_PATH = file;
    this.#play();
  }

  get #pipe(): string {
    return join(this.#directory, 'pipe');
  }

  #play(): void {
    const tone = `sine=frequency=${this.#hz}:sample_rate=48000`;
    this.#player = spawn(
      'ffmpeg',
      [
        ...['-nostdin', '-loglevel', 'quiet', '-y', '-re', '-f', 'lavfi', '-i', tone],
        ...['-ac', '2', '-f', 's16le', '-flush_packets', '1', this.#pipe],
      ],
      { stdio: 'ignore' },
    );
    // Who captures has gone: the next one is played to from the beginning.
    this.#player.once('exit', () => {
      if (this.#player) this.#play();
    });
  }

  [Symbol.dispose](): void {
    const player = this.#player;
    this.#player = undefined;
    player?.kill('SIGKILL');
    delete process.env.ALSA_CONFIG_PATH;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
