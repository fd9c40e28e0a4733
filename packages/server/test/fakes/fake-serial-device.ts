import { rmSync, symlinkSync } from 'node:fs';
import { openPseudoTerminal, type PseudoTerminal } from '../support/pseudo-terminal.ts';

/** A device at a serial line that the kernel makes; `path` leads to it while it is plugged in. */
export abstract class FakeSerialDevice implements Disposable {
  readonly path: string;
  /** What comes instead of an answer, or before it as noise; after `moodLasts` answers it is helpful again. */
  mood: 'helpful' | 'silent' | 'garbage' | 'noise' = 'helpful';
  moodLasts = Number.POSITIVE_INFINITY;
  #line: PseudoTerminal | undefined;

  /** `path` must not exist. */
  constructor(path: string) {
    this.path = path;
  }

  plug(): void {
    const line = openPseudoTerminal();
    line.far.on('data', (bytes: Uint8Array) => this.take(bytes));
    this.#line = line;
    symlinkSync(line.path, this.path);
  }

  /** The line goes away. */
  unplug(): void {
    rmSync(this.path, { force: true });
    this.#line?.[Symbol.dispose]();
    this.#line = undefined;
  }

  [Symbol.dispose](): void {
    this.unplug();
  }

  /** Bytes that the driver has sent. */
  protected abstract take(bytes: Uint8Array): void;

  /** Answers, or does what the mood is. */
  protected answer(bytes: Uint8Array): void {
    const { mood } = this;
    this.moodLasts -= 1;
    if (this.moodLasts <= 0) this.mood = 'helpful';
    const last = bytes.length - 1;
    const garbage = bytes.map((byte, at) => (at === last ? byte ^ 0x55 : byte));
    const noisy = Uint8Array.of(0x34, 0x57, 0xab, ...bytes);
    if (mood === 'silent') return;
    this.write(mood === 'garbage' ? garbage : mood === 'noise' ? noisy : bytes);
  }

  /** Bytes that the driver hears. */
  protected write(bytes: Uint8Array): void {
    this.#line?.far.write(bytes);
  }
}
