import { KvmError } from '@crashcart/api';
import type { AtxDriver, AtxLeds, AtxSwitch } from '../../core/atx-driver.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, type Unsubscribe } from '../../core/state.ts';
import { isObject } from '../../protocols/qmp.ts';
import type { QemuLink } from './link.ts';

/** From this length on, a press of the power button cuts the power, ms (as ATX has it). */
const CUT_MS = 4000;
/** How often the disks are asked, and so how long their LED shines, ms. */
const DISK_POLL_MS = 200;

function operations(stats: unknown): number {
  if (!Array.isArray(stats)) return 0;
  return stats.reduce((sum: number, device: unknown) => {
    const values = isObject(device) && isObject(device.stats) ? device.stats : {};
    return sum + Number(values.rd_operations ?? 0) + Number(values.wr_operations ?? 0);
  }, 0);
}

/** The front panel of a QEMU machine. */
export class QemuAtx implements AtxDriver {
  readonly enabled = true;
  readonly clickMs = 100;
  readonly longClickMs = 5500;
  readonly leds = new StateCell<AtxLeds>({ power: false, hdd: false });
  readonly #link: QemuLink;
  readonly #log: Log;
  readonly #controller = new AbortController();
  readonly #unsubscribe: Unsubscribe;
  #polling = false;

  constructor(link: QemuLink, log: Log) {
    this.#link = link;
    this.#log = log;
    this.#unsubscribe = link.runState.subscribe(() => this.#follow());
    this.#follow();
  }

  async press(button: AtxSwitch, ms: number, signal: AbortSignal): Promise<void> {
    const { client, runState } = this.#link;
    if (!client.value) throw new KvmError('UnavailableError', this.#link.failure.value);
    const wasOn = runState.value === 'running';
    if (button === 'reset') {
      if (wasOn) await this.#link.execute('system_reset');
      return sleep(ms, signal);
    }
    // Some QEMUs end with their guest, and leave nothing to cut.
    let isDown = false;
    const unsubscribe = runState.subscribe((state) => {
      isDown ||= state === 'shutdown';
    });
    try {
      // The machine takes the button when it goes down; the power is cut when it was held long.
      if (wasOn) await this.#link.execute('system_powerdown');
      else await this.#switchOn();
      await sleep(Math.min(ms, CUT_MS), signal);
      if (ms < CUT_MS) return;
      if (wasOn && !isDown) await this.#cut();
      await sleep(ms - CUT_MS, signal);
    } finally {
      unsubscribe();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#controller.abort(new Error('closed'));
  }

  async #switchOn(): Promise<void> {
    const answer = await this.#link.execute('query-status');
    const fresh = isObject(answer) && answer.status === 'prelaunch';
    if (!fresh) await this.#link.execute('system_reset');
    await this.#link.execute('cont');
  }

  async #cut(): Promise<void> {
    await this.#link.execute('stop');
    await this.#link.execute('system_reset');
  }

  #follow(): void {
    const power = this.#link.runState.value === 'running';
    this.leds.set({ power, hdd: power && this.leds.value.hdd });
    if (power && !this.#polling) void this.#pollDisks();
  }

  async #pollDisks(): Promise<void> {
    this.#polling = true;
    const { signal } = this.#controller;
    let before: number | undefined;
    try {
      while (this.#link.runState.value === 'running' && !signal.aborted) {
        const now = operations(await this.#link.execute('query-blockstats'));
        const hdd = before !== undefined && now !== before;
        before = now;
        if (this.#link.runState.value === 'running') this.leds.patch({ hdd });
        await sleep(DISK_POLL_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ err: error }, 'the disks could not be asked');
      await sleep(DISK_POLL_MS * 5, signal).catch(() => undefined);
    } finally {
      this.#polling = false;
      // It may have been switched on again meanwhile.
      if (!signal.aborted) this.#follow();
    }
  }
}
