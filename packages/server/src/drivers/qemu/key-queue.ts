import type { KeyName } from '@crashcart/api';
import { sleep } from '../../core/sleep.ts';
import { fileSize, textFrom } from '../../platform/file-tail.ts';
import { keyCodes } from '../../protocols/keys.ts';
import type { QmpClient } from './qmp-client.ts';

/** QEMU's usb-kbd gives one scan code to each poll of the guest's, which comes every 8 ms. */
const POLL_MS = 8;
/** The pace for a QEMU that cannot tell what it drops: after a pause it catches up by itself. */
const BLIND_PACE_MS = 10;
/** Scan codes that usb-kbd holds; it drops what is more. */
const SLOTS = 16;
/** How much may wait in usb-kbd while the next is sent, so that a late timer of ours costs nothing. */
const AHEAD_MS = 3 * POLL_MS;
/** QEMU writes this trace event to its log for each key that it drops. */
const DROPPED = 'hid_kbd_queue_full';

/**
 * What is known of the queue in QEMU's usb-kbd: when it has likely been read, and whether it dropped
 * a key. A guest that is slow for a moment reads later than likely, so both are needed.
 */
export class KeyQueue {
  readonly #logFile: string | undefined;
  readonly #paceMs: number;
  #emptyAtMs = 0;
  #logBytes = 0;

  /** `logFile` is the log of a QEMU of ours; of another one it is not known what was dropped. */
  constructor(logFile: string | undefined) {
    this.#logFile = logFile;
    this.#paceMs = logFile === undefined ? BLIND_PACE_MS : POLL_MS;
  }

  /** Makes QEMU tell what it drops; one that cannot is taken as it is. */
  async watch(client: QmpClient): Promise<void> {
    if (this.#logFile === undefined) return;
    const event = { name: DROPPED, enable: true, 'ignore-unavailable': true };
    await client.execute('trace-event-set-state', event).catch(() => undefined);
    this.#logBytes = fileSize(this.#logFile);
  }

  /** Resolves when there is room for a key, or with `alone` when all before it were likely read. */
  async room(signal: AbortSignal, { alone = false } = {}): Promise<void> {
    const waitMs = this.#emptyAtMs - performance.now() - (alone ? 0 : AHEAD_MS);
    if (waitMs > 0) await sleep(waitMs, signal);
  }

  /**
   * Notes events of one key that were sent together. Gives how many of them QEMU dropped: the last
   * ones, since a full queue stays full meanwhile.
   */
  sent(key: KeyName, count: number): number {
    const nowMs = performance.now();
    const dropped = this.#dropped();
    if (dropped > 0) {
      this.#emptyAtMs = nowMs + SLOTS * POLL_MS;
      return Math.min(dropped, count);
    }
    // A code with a prefix is two: set 1 of AT keyboards, which usb-kbd works with inside.
    const codes = keyCodes(key).set1 > 0xff ? 2 : 1;
    this.#emptyAtMs = Math.max(this.#emptyAtMs, nowMs) + count * codes * this.#paceMs;
    return 0;
  }

  /** QEMU has written its events before it answers the command that sent the keys. */
  #dropped(): number {
    if (this.#logFile === undefined) return 0;
    const bytes = fileSize(this.#logFile);
    if (bytes === this.#logBytes) return 0;
    const told = textFrom(this.#logFile, this.#logBytes);
    this.#logBytes = bytes;
    return told.split(DROPPED).length - 1;
  }
}
