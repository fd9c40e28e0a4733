import type { HidGadgetCalls, HidGadgetFile } from '../../src/platform/hid-gadget.ts';

/** How the host treats a function: it fetches reports, or does not look, or the cable is out. */
export type FakeHost = 'fetches' | 'stalls' | 'gone';

/**
 * Files of a HID gadget at their system calls, as the kernel's f_hid has them: one report waits for
 * the host, a second one is refused.
 */
export class FakeHidGadget implements HidGadgetCalls {
  /** Files that are there now. */
  readonly paths = new Set<string>();
  /** What the host got, by path, in hexadecimal. */
  readonly got = new Map<string, string[]>();
  /** Every write that was tried, also the refused ones. */
  attempts = 0;
  readonly #hosts = new Map<string, FakeHost>();
  readonly #waiting = new Map<string, string>();
  readonly #wakers = new Set<() => void>();
  readonly #followers = new Map<string, Set<(bytes: Uint8Array) => void>>();
  #openCount = 0;

  constructor(...paths: readonly string[]) {
    this.paths = new Set(paths);
  }

  /** How many files are open. */
  get openCount(): number {
    return this.#openCount;
  }

  /** What the host got since the last time this was asked. */
  taken(path: string): readonly string[] {
    const reports = this.got.get(path) ?? [];
    this.got.set(path, []);
    return reports;
  }

  /** The host treats this function so from now on. */
  setHost(path: string, host: FakeHost): void {
    this.#hosts.set(path, host);
    const report = this.#waiting.get(path);
    if (host === 'gone') this.#waiting.delete(path);
    if (host === 'fetches' && report !== undefined) {
      this.#waiting.delete(path);
      this.#fetch(path, report);
    }
    for (const wake of this.#wakers) wake();
  }

  /** The host sends an output report. */
  output(path: string, ...bytes: readonly number[]): void {
    for (const onBytes of this.#followers.get(path) ?? []) onBytes(Uint8Array.from(bytes));
  }

  /** Whether somebody follows the output reports. */
  isFollowed(path: string): boolean {
    return (this.#followers.get(path)?.size ?? 0) > 0;
  }

  open(path: string): HidGadgetFile {
    if (!this.paths.has(path)) throw fail('ENOENT');
    this.#openCount += 1;
    return {
      write: (report) => this.#write(path, Buffer.from(report).toString('hex')),
      writable: (ms) => this.#writable(path, ms),
      close: () => {
        this.#openCount -= 1;
      },
    };
  }

  follow(path: string, onBytes: (bytes: Uint8Array) => void): () => void {
    if (!this.paths.has(path)) throw fail('ENOENT');
    const followers = this.#followers.get(path) ?? new Set();
    this.#followers.set(path, followers.add(onBytes));
    return () => followers.delete(onBytes);
  }

  #write(path: string, report: string): void {
    this.attempts += 1;
    const host = this.#hosts.get(path) ?? 'fetches';
    if (host === 'gone') throw fail('ESHUTDOWN');
    if (this.#waiting.has(path)) throw fail('EAGAIN');
    if (host === 'stalls') this.#waiting.set(path, report);
    else this.#fetch(path, report);
  }

  #fetch(path: string, report: string): void {
    this.got.set(path, [...(this.got.get(path) ?? []), report]);
  }

  #writable(path: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        if (this.#waiting.has(path)) return;
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#wakers.delete(wake);
        resolve();
      }, ms);
      this.#wakers.add(wake);
      wake();
    });
  }
}

function fail(code: string): Error {
  return Object.assign(new Error(code), { code });
}
