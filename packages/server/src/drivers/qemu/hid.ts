import { type KeyName, KvmError, type MouseButton } from '@crashcart/api';
import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, type Unsubscribe, until } from '../../core/state.ts';
import { RFB_LED } from '../../protocols/rfb/messages.ts';
import { INPUT_DEVICES } from './command-line.ts';
import {
  BUTTONS,
  buttonEvent,
  type InputEvent,
  keyEvent,
  placeEvent,
  stepEvent,
} from './input-events.ts';
import { KeyQueue } from './key-queue.ts';
import type { QemuLink } from './link.ts';
import { QCODES } from './qcodes.ts';
import { type QmpClient, QmpError } from './qmp-client.ts';
import { unplugDevice } from './unplug.ts';

/** Between two reports of buttons, ms. */
const BUTTON_PACE_MS = 7;
/** A guest that has read no key for so long reads none: it has no driver, or stands still. Ms. */
const DEAF_MS = 1000;
const OUTPUTS = ['usb', 'usb_rel'];
/** With more waiting events than this, new ones are refused; releases are always taken. */
const MAX_BACKLOG = 20_000;

interface Item {
  readonly kind: 'key' | 'button' | 'move' | 'other';
  readonly events: readonly InputEvent[];
  readonly releases?: boolean;
  /** Of a key: which. */
  readonly key?: KeyName;
}

/** Keyboard, tablet and mouse of a QEMU machine over its control socket. */
export class QemuHid implements HidDriver {
  readonly enabled = true;
  readonly state = new StateCell<HidDriverState>(HID_OFFLINE);
  readonly #link: QemuLink;
  readonly #log: Log;
  readonly #controller = new AbortController();
  readonly #unsubscribes: Unsubscribe[];
  readonly #keys: KeyQueue;
  readonly #held = new Map<string, { readonly event: InputEvent; readonly key?: KeyName }>();
  readonly #refused = new Set<string>();
  readonly #owed = new Set<KeyName>();
  readonly #backlogCell = new StateCell(0);
  #queue: Item[] = [];
  #head = 0;
  #pumping = false;
  #deafAtMs = Number.NEGATIVE_INFINITY;
  #connected = true;
  #busy = false;
  #absolute = true;
  #leds = { caps: false, scroll: false, num: false };

  constructor(link: QemuLink, log: Log) {
    this.#link = link;
    this.#log = log;
    this.#keys = new KeyQueue(link.logFile);
    const update = () => this.#update();
    const watch = (client: QmpClient | undefined) => void (client && this.#keys.watch(client));
    this.#unsubscribes = [
      link.client.subscribe(watch),
      link.client.subscribe(update),
      link.runState.subscribe(update),
    ];
    this.#update();
  }

  get ready(): boolean {
    const reads = performance.now() - this.#deafAtMs > DEAF_MS;
    return reads && this.state.value.online && this.#link.runState.value === 'running';
  }

  get backlog(): number {
    return this.#backlogCell.value;
  }

  async drained(count: number, signal?: AbortSignal): Promise<void> {
    await until(this.#backlogCell, (backlog) => backlog <= count, signal);
  }

  key(key: KeyName, pressed: boolean): void {
    const data = QCODES.get(key);
    if (data === undefined) {
      this.#refuse(key);
      return;
    }
    this.#hold(`key ${data}`, pressed, { event: keyEvent(data, false), key });
    this.#push({ kind: 'key', events: [keyEvent(data, pressed)], releases: !pressed, key });
  }

  button(button: MouseButton, pressed: boolean): void {
    if (button === 'up' || button === 'down') this.#refuse(`mouse button ${button}`);
    const name = BUTTONS[button];
    this.#hold(`button ${name}`, pressed, { event: buttonEvent(name, false) });
    this.#push({ kind: 'button', events: [buttonEvent(name, pressed)], releases: !pressed });
  }

  move(x: number, y: number): void {
    if (!this.#absolute) return;
    this.#push({ kind: 'move', events: [placeEvent('x', x), placeEvent('y', y)] });
  }

  moveBy(dx: number, dy: number): void {
    if (this.#absolute) return;
    this.#push({ kind: 'other', events: [stepEvent('x', dx), stepEvent('y', dy)] });
  }

  wheel(dx: number, dy: number): void {
    if (dx !== 0) this.#refuse('the horizontal wheel');
    const name = dy > 0 ? 'wheel-up' : 'wheel-down';
    for (let step = 0; step < Math.min(127, Math.abs(dy)); step++) {
      this.#push({ kind: 'button', events: [buttonEvent(name, true)] });
      this.#push({ kind: 'button', events: [buttonEvent(name, false)] });
    }
  }

  releaseAll(): void {
    for (const { event, key } of this.#held.values()) {
      if (key) this.#push({ kind: 'key', events: [event], releases: true, key });
      else this.#push({ kind: 'button', events: [event], releases: true });
    }
    this.#held.clear();
  }

  /** Releases every key and button there is: what a server before us pressed is not known. */
  releaseUnknown(): void {
    for (const [key, data] of QCODES) {
      this.#push({ kind: 'key', events: [keyEvent(data, false)], releases: true, key });
    }
    for (const name of ['left', 'right', 'middle']) {
      this.#push({ kind: 'button', events: [buttonEvent(name, false)], releases: true });
    }
  }

  async reset(): Promise<void> {
    this.releaseAll();
    if (!this.state.value.online || !this.#connected) return;
    await this.drained(0, this.#controller.signal);
    await this.setConnected(false);
    await this.setConnected(true);
  }

  async setKeyboardOutput(): Promise<void> {}

  async setMouseOutput(output: string): Promise<void> {
    if (!OUTPUTS.includes(output)) return;
    this.#absolute = output === 'usb';
    this.#update();
  }

  async setConnected(connected: boolean): Promise<void> {
    if (!this.#link.client.value) throw new KvmError('UnavailableError');
    if (connected === this.#connected || this.#busy) return;
    this.releaseAll();
    this.#busy = true;
    this.#update();
    try {
      for (const [id, driver] of Object.entries(INPUT_DEVICES)) {
        if (connected) await this.#link.execute('device_add', { driver, id, bus: 'xhci.0' });
        else await unplugDevice(this.#link, id);
      }
      this.#connected = connected;
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      // Somebody else's QEMU: docs/machines.md names the devices that it needs for this.
      const message = `This machine's input devices cannot be unplugged: ${error.message}`;
      throw new KvmError('UnavailableError', message, { cause: error });
    } finally {
      this.#busy = false;
      this.#update();
    }
  }

  /** LEDs as a mask of RFB_LED. */
  setLeds(mask: number): void {
    const lit = (led: number) => (mask & led) !== 0;
    this.#leds = { caps: lit(RFB_LED.caps), scroll: lit(RFB_LED.scroll), num: lit(RFB_LED.num) };
    this.#update();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error('closed'));
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#clear();
  }

  #update(): void {
    const linked = this.#link.client.value !== undefined;
    const online = linked && this.#connected;
    // A QEMU that was started anew has all its devices.
    if (!linked) this.#connected = true;
    if (this.#link.runState.value !== 'running') {
      this.#clear();
      this.#held.clear();
    }
    this.state.set({
      online,
      busy: this.#busy,
      connected: this.#connected,
      keyboard: { online, leds: this.#leds, outputs: { available: ['usb'], active: 'usb' } },
      mouse: {
        online,
        absolute: this.#absolute,
        outputs: { available: OUTPUTS, active: this.#absolute ? 'usb' : 'usb_rel' },
      },
    });
  }

  #refuse(what: string): void {
    if (this.#refused.has(what)) return;
    this.#refused.add(what);
    this.#log.warn({ input: what }, `QEMU cannot deliver ${what}`);
  }

  #hold(
    name: string,
    pressed: boolean,
    release: { readonly event: InputEvent; readonly key?: KeyName },
  ): void {
    if (pressed) this.#held.set(name, release);
    else this.#held.delete(name);
  }

  #push(item: Item): void {
    if (this.#link.runState.value !== 'running' || !this.#connected) return;
    const last = this.#queue.length - 1;
    // Only the very last may be replaced: a press between two moves must hit its own place.
    if (item.kind === 'move' && last >= this.#head && this.#queue[last]?.kind === 'move') {
      this.#queue[last] = item;
      return;
    }
    if (!item.releases && this.#queue.length - this.#head >= MAX_BACKLOG) {
      this.#refuse('so many events');
      return;
    }
    this.#queue.push(item);
    this.#backlogCell.set(this.#queue.length - this.#head);
    if (!this.#pumping) void this.#pump();
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
    this.#backlogCell.set(0);
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    const { signal } = this.#controller;
    try {
      // What is given at once is seen at once: a press with its release.
      await Promise.resolve();
      while (this.#head < this.#queue.length && !signal.aborted) {
        const queue = this.#queue;
        const item = queue[this.#head++];
        if (!item) break;
        if (item.key === undefined) await this.#send(item, signal);
        else await this.#sendKey(item.key, this.#withRelease(item), signal);
        if (queue !== this.#queue) continue;
        if (this.#head > 1000) this.#queue = this.#queue.slice(this.#head);
        if (queue !== this.#queue) this.#head = 0;
        this.#backlogCell.set(this.#queue.length - this.#head);
      }
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ err: error }, 'input was not delivered');
      this.#clear();
    } finally {
      this.#pumping = false;
    }
  }

  async #send({ kind, events }: Item, signal: AbortSignal): Promise<void> {
    // A button that comes with a held key must not overtake it.
    if (kind === 'button') await this.#keys.room(signal, { alone: true });
    await this.#link.execute('input-send-event', { events });
    if (kind !== 'move') await sleep(BUTTON_PACE_MS, signal);
  }

  /**
   * The release that follows a press goes with it: were it sent apart, a moment in which this
   * process does not run would make the machine repeat the key.
   */
  #withRelease({ key, events, releases }: Item): readonly InputEvent[] {
    const next = this.#queue[this.#head];
    if (releases || next?.key !== key || !next?.releases) return events;
    this.#head += 1;
    return [...events, ...next.events];
  }

  async #sendKey(key: KeyName, events: readonly InputEvent[], signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + (this.ready ? DEAF_MS : 0);
    let left = events;
    do {
      await this.#keys.room(signal);
      await this.#link.execute('input-send-event', { events: left });
      const dropped = this.#keys.sent(key, left.length);
      if (dropped === 0) {
        this.#deafAtMs = Number.NEGATIVE_INFINITY;
        return;
      }
      left = left.slice(left.length - dropped);
    } while (performance.now() < endMs && this.#link.runState.value === 'running');
    this.#deafAtMs = performance.now();
    this.#releaseLater(key);
  }

  /** A press that a deaf guest may still find must not stay down. */
  #releaseLater(key: KeyName): void {
    if (this.#owed.has(key)) return;
    this.#owed.add(key);
    const release = () => {
      this.#owed.delete(key);
      this.key(key, false);
    };
    setTimeout(release, DEAF_MS).unref();
  }
}
