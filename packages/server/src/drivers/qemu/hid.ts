import { type KeyName, KvmError, type MouseButton } from '@crashcart/api';
import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell, type Unsubscribe, until } from '../../core/state.ts';
import { RFB_LED } from '../../protocols/rfb-messages.ts';
import { INPUT_DEVICES } from './command-line.ts';
import type { QemuLink } from './link.ts';
import { QCODES } from './qcodes.ts';

/** Between two keyboard reports, ms: usb-kbd loses keys below 6. */
const KEYBOARD_PACE_MS = 7;
const OUTPUTS = ['usb', 'usb_rel'];
/** With more waiting events than this, new ones are refused; releases are always taken. */
const MAX_BACKLOG = 20_000;

type InputEvent = { readonly type: string; readonly data: object };

interface Item {
  readonly kind: 'key' | 'button' | 'move' | 'other';
  readonly events: readonly InputEvent[];
  readonly releases?: boolean;
}

const buttonEvent = (button: string, down: boolean): InputEvent => ({
  type: 'btn',
  data: { button, down },
});

/** Names of QEMU's buttons; usb-tablet of QEMU 7.2 does not deliver side and extra. */
const BUTTONS: Record<MouseButton, string> = {
  ...{ left: 'left', right: 'right', middle: 'middle', up: 'side', down: 'extra' },
};

/** Keyboard, tablet and mouse of a QEMU machine over its control socket. */
export class QemuHid implements HidDriver {
  readonly enabled = true;
  readonly state = new StateCell<HidDriverState>(HID_OFFLINE);
  readonly #link: QemuLink;
  readonly #log: Log;
  readonly #controller = new AbortController();
  readonly #unsubscribes: Unsubscribe[];
  readonly #held = new Map<string, InputEvent>();
  readonly #refused = new Set<string>();
  readonly #backlogCell = new StateCell(0);
  #queue: Item[] = [];
  #head = 0;
  #pumping = false;
  #connected = true;
  #busy = false;
  #absolute = true;
  #leds = { caps: false, scroll: false, num: false };

  constructor(link: QemuLink, log: Log) {
    this.#link = link;
    this.#log = log;
    const update = () => this.#update();
    this.#unsubscribes = [link.client.subscribe(update), link.runState.subscribe(update)];
    this.#update();
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
    const down = { type: 'key', data: { down: true, key: { type: 'qcode', data } } };
    const up = { type: 'key', data: { down: false, key: { type: 'qcode', data } } };
    this.#hold(`key ${data}`, pressed, up);
    this.#push({ kind: 'key', events: [pressed ? down : up], releases: !pressed });
  }

  button(button: MouseButton, pressed: boolean): void {
    if (button === 'up' || button === 'down') this.#refuse(`mouse button ${button}`);
    const name = BUTTONS[button];
    this.#hold(`button ${name}`, pressed, buttonEvent(name, false));
    this.#push({ kind: 'button', events: [buttonEvent(name, pressed)], releases: !pressed });
  }

  move(x: number, y: number): void {
    if (!this.#absolute) return;
    const axis = (name: string, place: number): InputEvent => ({
      type: 'abs',
      data: { axis: name, value: Math.round(((place + 32768) * 32767) / 65535) },
    });
    this.#push({ kind: 'move', events: [axis('x', x), axis('y', y)] });
  }

  moveBy(dx: number, dy: number): void {
    if (this.#absolute) return;
    const step = (axis: string, value: number) => ({ type: 'rel', data: { axis, value } });
    this.#push({ kind: 'other', events: [step('x', dx), step('y', dy)] });
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
    for (const [name, event] of this.#held) {
      const kind = name.startsWith('key') ? 'key' : 'button';
      this.#push({ kind, events: [event], releases: true });
    }
    this.#held.clear();
  }

  /** Releases every key and button there is: what a server before us pressed is not known. */
  releaseUnknown(): void {
    for (const data of new Set(QCODES.values())) {
      const up = { type: 'key', data: { down: false, key: { type: 'qcode', data } } };
      this.#push({ kind: 'key', events: [up], releases: true });
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
    const client = this.#link.client.value;
    if (!client) throw new KvmError('UnavailableError');
    if (connected === this.#connected || this.#busy) return;
    this.releaseAll();
    this.#busy = true;
    this.#update();
    try {
      const signal = AbortSignal.any([this.#controller.signal, AbortSignal.timeout(3000)]);
      for (const [id, driver] of Object.entries(INPUT_DEVICES)) {
        if (connected) {
          await this.#link.execute('device_add', { driver, id, bus: 'xhci.0' });
          continue;
        }
        const gone = client.waitForEvent(
          ({ name, data }) => name === 'DEVICE_DELETED' && data.device === id,
          signal,
        );
        await Promise.all([gone, this.#link.execute('device_del', { id })]);
      }
      this.#connected = connected;
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

  #hold(name: string, pressed: boolean, release: InputEvent): void {
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
      while (this.#head < this.#queue.length && !signal.aborted) {
        const queue = this.#queue;
        const item = queue[this.#head++];
        if (!item) break;
        await this.#link.execute('input-send-event', { events: item.events });
        if (item.kind !== 'move') await sleep(KEYBOARD_PACE_MS, signal);
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
}
