import type { KeyName, MouseButton } from '@crashcart/api';
import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { DerivedCell, StateCell, type Unsubscribe, until } from '../../core/state.ts';
import { type HidGadgetCalls, SYSTEM_HID_GADGET_CALLS } from '../../platform/hid-gadget.ts';
import { BootKeyboard } from '../../protocols/boot-keyboard.ts';
import { keyByName } from '../../protocols/keys.ts';
import { LedReader } from './led-reader.ts';
import { GadgetMouse } from './mouse.ts';
import { ReportWriter, type WriterTimes } from './report-writer.ts';
import { UdcWatch } from './udc-watch.ts';

/** Options of one file of the gadget, named as in the configuration; times in s. */
export interface OtgDeviceOptions {
  readonly device: string;
  readonly select_timeout: number;
  readonly queue_timeout: number;
  readonly write_retries: number;
}

/** Options of the driver, named as in the configuration. */
export interface OtgHidOptions {
  readonly keyboard: OtgDeviceOptions;
  readonly mouse: OtgDeviceOptions & {
    readonly absolute: boolean;
    readonly absolute_win98_fix: boolean;
    readonly horizontal_wheel: boolean;
  };
  /** The mouse of the other kind; an empty device is none. */
  readonly mouse_alt: OtgDeviceOptions & { readonly horizontal_wheel: boolean };
}

/** What the driver gets besides. */
export interface OtgHidContext {
  readonly log: Log;
  /** Stands in for the system in tests. */
  readonly system?: {
    readonly hidGadget?: HidGadgetCalls;
    /** Instead of /sys. */
    readonly sysDir?: string;
  };
}

const NO_OUTPUTS = HID_OFFLINE.keyboard.outputs;

/** Keyboard and mice of a USB gadget that is there already, by its files. */
export class OtgHid implements HidDriver {
  readonly enabled = true;
  readonly state: DerivedCell<HidDriverState>;
  readonly #udc: UdcWatch;
  readonly #keyboard = new BootKeyboard();
  readonly #keys: ReportWriter;
  readonly #leds: LedReader;
  readonly #mice: readonly GadgetMouse[];
  readonly #outputs: readonly string[];
  readonly #output: StateCell<string>;
  readonly #backlog: DerivedCell<number>;
  readonly #unsubscribe: Unsubscribe;

  private constructor(options: OtgHidOptions, context: OtgHidContext, udc: UdcWatch) {
    const { keyboard, mouse, mouse_alt: alt } = options;
    const { log, system } = context;
    const calls = system?.hidGadget ?? SYSTEM_HID_GADGET_CALLS;
    this.#udc = udc;
    this.#keys = new ReportWriter({
      ...{ device: keyboard.device, times: timesOf(keyboard), clearsFirst: true, calls, log },
      clear: () => this.#keyboard.clear(),
    });
    this.#leds = new LedReader({ device: keyboard.device, calls, log });
    const mice = [
      { ...mouse, isAbsolute: mouse.absolute },
      { ...alt, isAbsolute: !mouse.absolute },
    ].filter(({ device }) => device !== '');
    this.#mice = mice.map((each) => new GadgetMouse({ ...each, times: timesOf(each), calls, log }));
    const absolute = mouse.absolute_win98_fix ? ['usb', 'usb_win98'] : ['usb'];
    this.#outputs = this.#mice.length > 1 ? [...absolute, 'usb_rel'] : [];
    this.#output = new StateCell(mouse.absolute ? 'usb' : 'usb_rel');
    const writers = [this.#keys, ...this.#mice.map(({ writer }) => writer)];
    const online = writers.map((writer) => writer.online);
    const cells = [...online, this.#leds.leds, this.#output];
    this.state = new DerivedCell<HidDriverState>(cells, () => this.#stateNow());
    const backlogs = writers.map(({ backlog }) => backlog);
    this.#backlog = new DerivedCell<number>(backlogs, () =>
      backlogs.reduce((sum, { value }) => sum + value, 0),
    );
    const follow = () => {
      for (const writer of writers) writer.setHost(udc.state.value);
      if (udc.state.value === 'away') this.#leds.stop();
      else if (this.#keys.online.value) this.#leds.start();
    };
    const unfollow = [udc.state, this.#keys.online].map((cell) => cell.subscribe(follow));
    this.#unsubscribe = () => {
      for (const unsubscribe of unfollow) unsubscribe();
    };
    follow();
  }

  /** Opens what is there; what is not comes when it does. */
  static async start(options: OtgHidOptions, context: OtgHidContext): Promise<OtgHid> {
    return new OtgHid(options, context, await UdcWatch.start(context.system?.sysDir));
  }

  get ready(): boolean {
    return this.#keys.online.value;
  }

  get backlog(): number {
    return this.#backlog.value;
  }

  async drained(count: number, signal?: AbortSignal): Promise<void> {
    await until(this.#backlog, (backlog) => backlog <= count, signal);
  }

  key(key: KeyName, pressed: boolean): void {
    const codes = keyByName(key);
    if (codes) this.#keys.push(this.#keyboard.event(codes, pressed));
  }

  button(button: MouseButton, pressed: boolean): void {
    this.#mouse?.button(button, pressed);
  }

  move(x: number, y: number): void {
    this.#mouse?.move(x, y, this.#output.value === 'usb_win98');
  }

  moveBy(dx: number, dy: number): void {
    this.#mouse?.moveBy(dx, dy);
  }

  wheel(dx: number, dy: number): void {
    this.#mouse?.wheel(dx, dy);
  }

  releaseAll(): void {
    this.#keys.release();
    for (const { writer } of this.#mice) writer.release();
  }

  async reset(): Promise<void> {
    this.releaseAll();
  }

  async setKeyboardOutput(): Promise<void> {}

  async setMouseOutput(output: string): Promise<void> {
    if (!this.#outputs.includes(output) || output === this.#output.value) return;
    this.#mouse?.writer.release();
    this.#output.set(output);
  }

  /** The cable is not ours to unplug. */
  async setConnected(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#leds.stop();
    await this.#udc[Symbol.asyncDispose]();
    await this.#keys[Symbol.asyncDispose]();
    for (const { writer } of this.#mice) await writer[Symbol.asyncDispose]();
    this.state.close();
    this.#backlog.close();
  }

  get #mouse(): GadgetMouse | undefined {
    const wantsAbsolute = this.#output.value !== 'usb_rel';
    return this.#mice.find(({ isAbsolute }) => isAbsolute === wantsAbsolute);
  }

  #stateNow(): HidDriverState {
    const keyboardOnline = this.#keys.online.value;
    const mouseOnline = this.#mouse?.writer.online.value ?? false;
    const active = this.#output.value;
    return {
      online: keyboardOnline || mouseOnline,
      busy: false,
      connected: null,
      keyboard: { online: keyboardOnline, leds: this.#leds.leds.value, outputs: NO_OUTPUTS },
      mouse: {
        online: mouseOnline,
        absolute: active !== 'usb_rel',
        outputs: this.#outputs.length > 0 ? { available: this.#outputs, active } : NO_OUTPUTS,
      },
    };
  }
}

function timesOf(options: OtgDeviceOptions): WriterTimes {
  return {
    selectMs: options.select_timeout * 1000,
    retryMs: options.queue_timeout * 1000,
    retries: options.write_retries,
  };
}
