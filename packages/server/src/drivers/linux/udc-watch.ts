import { join } from 'node:path';
import { StateCell } from '../../core/state.ts';
import { watchDirectories } from '../../platform/sysfs.ts';
import { listSystemDir, readSystemText } from '../../platform/system-files.ts';
import { Alarm } from '../gpio/alarm.ts';

/** What a host makes of our gadget: `away` also stands for no cable. */
export type UdcState = 'configured' | 'suspended' | 'away';

/** The gadget of PiKVM, and of ours. */
const GADGET = 'kernel/config/usb_gadget/kvmd';
/** How often it is looked besides, should the kernel not tell of a change, ms. */
const LOOK_MS = 1000;

/** Follows the state of the USB device controller that our gadget is bound to. */
export class UdcWatch implements AsyncDisposable {
  readonly state = new StateCell<UdcState>('away');
  readonly #sysDir: string;
  readonly #controller = new AbortController();
  readonly #alarm = new Alarm();
  #watched: string | undefined;
  #stopWatching: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(sysDir: string) {
    this.#sysDir = sysDir;
  }

  /** Looks once and follows from then on. */
  static async start(sysDir = '/sys'): Promise<UdcWatch> {
    const watch = new UdcWatch(sysDir);
    await watch.#look();
    watch.#running = watch.#run();
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#running;
    this.#stopWatching();
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    try {
      while (!signal.aborted) {
        await this.#alarm.wait(LOOK_MS, signal);
        await this.#look();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look(): Promise<void> {
    const gadgetDir = join(this.#sysDir, GADGET);
    const bound = (await readSystemText(join(gadgetDir, 'UDC')))?.trim();
    // A gadget that may not be looked into, or has another name, is on the first controller.
    const udc = bound ?? (await listSystemDir(join(this.#sysDir, 'class/udc')))?.[0];
    const udcDir = join(this.#sysDir, 'class/udc', udc ?? '');
    this.#watch(bound === undefined ? [udcDir] : [gadgetDir, udcDir]);
    if (udc === '') this.state.set('away');
    else this.state.set(decode(await readSystemText(join(udcDir, 'state'))));
  }

  #watch(directories: readonly string[]): void {
    const wanted = directories.join();
    if (wanted === this.#watched) return;
    this.#stopWatching();
    this.#watched = wanted;
    try {
      this.#stopWatching = watchDirectories(directories, () => this.#alarm.ring());
    } catch {
      this.#watched = undefined;
      this.#stopWatching = () => undefined;
    }
  }
}

/** Where nothing is known of the controller, writing tells. */
function decode(text: string | undefined): UdcState {
  const state = text?.trim() ?? 'configured';
  return state === 'configured' || state === 'suspended' ? state : 'away';
}
