import type { KeyName } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import { keyCodes } from '../../protocols/keys.ts';
import { extendedKeyEvent, keyEvent, pointerEvent } from '../../protocols/rfb/messages.ts';
import { KeyQueue } from '../qemu/key-queue.ts';
import type { VncLink } from './link.ts';
import { isQemu } from './qemu-server.ts';

/** A key with what it means, or the pointer with its buttons, as bits of RFB_BUTTON. */
export type VncInput =
  | {
      readonly kind: 'key';
      readonly key: KeyName;
      readonly pressed: boolean;
      readonly keysym: number;
    }
  | {
      /** Only a `move` may be replaced by a newer one. */
      readonly kind: 'move' | 'button';
      readonly mask: number;
      /** -32768..32767. */
      readonly x: number;
      readonly y: number;
    };

/** With more waiting inputs than this, new ones are refused; releases are always taken. */
const MAX_BACKLOG = 20_000;
/** Between two reports of buttons for QEMU, whose USB devices are read each 8 ms, ms. */
const BUTTON_PACE_MS = 7;
const PLACES = 65_535;

/** Inputs on their way to a VNC server, in order: as fast as the network takes them, or QEMU's devices. */
export class InputQueue {
  readonly #link: ReadonlyCell<VncLink | undefined>;
  readonly #log: Log;
  readonly #ended = new AbortController();
  readonly #backlog = new StateCell(0);
  /** Of a QEMU that cannot tell what its keyboard drops. */
  readonly #keys = new KeyQueue(undefined);
  #waiting: VncInput[] = [];
  #pumping = false;
  #toldFull = false;

  constructor(link: ReadonlyCell<VncLink | undefined>, log: Log) {
    this.#link = link;
    this.#log = log;
  }

  /** How many inputs wait. */
  get backlog(): ReadonlyCell<number> {
    return this.#backlog;
  }

  /** False when it is not taken: there is no server, or too many wait. */
  push(input: VncInput, releases: boolean): boolean {
    if (!this.#link.value) return false;
    const last = this.#waiting.length - 1;
    // Only the very last may be replaced: a press between two moves must hit its own place.
    if (input.kind === 'move' && this.#waiting[last]?.kind === 'move') {
      this.#waiting[last] = input;
      return true;
    }
    if (!releases && last + 1 >= MAX_BACKLOG) {
      if (!this.#toldFull) this.#log.warn({}, 'The VNC server takes no more input');
      this.#toldFull = true;
      return false;
    }
    this.#waiting.push(input);
    this.#backlog.set(this.#waiting.length);
    if (!this.#pumping) void this.#pump();
    return true;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#backlog.set(0);
  }

  close(): void {
    this.#ended.abort(new Error('closed'));
    this.clear();
  }

  async #pump(): Promise<void> {
    const { signal } = this.#ended;
    this.#pumping = true;
    try {
      for (;;) {
        await this.#link.value?.drained();
        const input = this.#waiting.shift();
        const link = this.#link.value;
        if (!input || !link || signal.aborted) return;
        if (isQemu(link)) await this.#pace(link, input, signal);
        else sendPlain(link, input);
        this.#backlog.set(this.#waiting.length);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#pumping = false;
    }
  }

  async #pace(link: VncLink, input: VncInput, signal: AbortSignal): Promise<void> {
    // A button that comes with a held key must not overtake it.
    if (input.kind !== 'move') await this.#keys.room(signal, { alone: input.kind === 'button' });
    send(link, input);
    if (input.kind === 'key') this.#keys.sent(input.key, 1);
    if (input.kind === 'button') await sleep(BUTTON_PACE_MS, signal);
  }
}

function sendPlain(link: VncLink, input: VncInput): void {
  send(link, input);
  // TigerVNC tells its LEDs only together with an answer.
  if (input.kind === 'key' && !input.pressed && /Lock$/.test(input.key)) link.probe();
}

function send(link: VncLink, input: VncInput): void {
  if (input.kind === 'key') {
    const { key, pressed, keysym } = input;
    const { set1 } = keyCodes(key);
    const isExtended = link.takesExtendedKeys;
    link.send(isExtended ? extendedKeyEvent(pressed, keysym, set1) : keyEvent(pressed, keysym));
    return;
  }
  const { width, height } = link.size ?? { width: 1, height: 1 };
  const pixel = (place: number, size: number) =>
    Math.round(((place + (PLACES + 1) / 2) * (size - 1)) / PLACES);
  link.send(pointerEvent(input.mask, pixel(input.x, width), pixel(input.y, height)));
}
