import type { PacketSocket } from '../../platform/l2cap.ts';
import type { KeyboardLeds } from '../../protocols/hid-report.ts';
import { type HIDP_PSM, readHidpControl, readHidpOutput } from '../../protocols/hidp.ts';
import { Alarm } from '../gpio/alarm.ts';

/** The two channels of a connection. */
export type HidpChannel = keyof typeof HIDP_PSM;

/** What hears of a machine. */
export interface BtClientListener {
  leds(leds: KeyboardLeds): void;
  /** It has gone, or was given up; `why` is for the log. */
  closed(why: string): void;
}

/** A machine that is connected by Bluetooth, with one channel or both. */
export class BtClient implements Disposable {
  readonly #timeoutMs: number;
  readonly #listener: BtClientListener;
  readonly #channels = new Map<HidpChannel, PacketSocket>();
  readonly #writable = new Alarm();
  readonly #closed = new AbortController();
  readonly #halfOpen: NodeJS.Timeout;
  #protocol: 'boot' | 'report' = 'report';

  /** Who has not both channels, or takes no report, within `timeoutMs` is given up. */
  constructor(timeoutMs: number, listener: BtClientListener) {
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    // It may be the only one that has a place.
    this.#halfOpen = setTimeout(() => this.#end('it has opened but one channel'), timeoutMs);
  }

  /** Whether reports reach it. */
  get isReady(): boolean {
    return this.#channels.has('interrupt');
  }

  /** Takes one of its channels; one that is there already was lost without a word. */
  add(channel: HidpChannel, socket: PacketSocket): void {
    this.#channels.get(channel)?.close();
    this.#channels.set(channel, socket);
    if (this.#channels.size === 2) clearTimeout(this.#halfOpen);
    socket.listen({
      packet: (packet) => {
        if (channel === 'control') this.#control(socket, packet);
        else this.#setLeds(readHidpOutput(packet));
      },
      writable: () => {
        if (channel === 'interrupt') this.#writable.ring();
      },
      closed: (error) => this.#end(error?.message ?? 'it has disconnected'),
    });
  }

  /** Sends a report; resolves when it is on its way, or the machine was given up. */
  async send(packet: Uint8Array): Promise<void> {
    const { signal } = this.#closed;
    const endMs = performance.now() + this.#timeoutMs;
    while (!signal.aborted && !this.#trySend(packet)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) this.#end('it takes no more reports');
      else await this.#writable.wait(leftMs, signal).catch(() => undefined);
    }
  }

  /** Disconnects it, and tells nobody. */
  [Symbol.dispose](): void {
    clearTimeout(this.#halfOpen);
    this.#closed.abort(new Error('closed'));
    for (const socket of this.#channels.values()) socket.close();
    this.#channels.clear();
  }

  /** False when it must wait. */
  #trySend(packet: Uint8Array): boolean {
    try {
      // Without a channel nobody waits for it.
      return this.#channels.get('interrupt')?.send(packet) ?? true;
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
      return true;
    }
  }

  #control(socket: PacketSocket, packet: Uint8Array): void {
    const { answer, leds, isUnplugged, protocol } = readHidpControl(packet, this.#protocol);
    if (protocol) this.#protocol = protocol;
    this.#setLeds(leds);
    try {
      // Who asks and does not read has no answer.
      if (answer) socket.send(answer);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
    if (isUnplugged) this.#end('it has unplugged the keyboard and mouse');
  }

  #setLeds(leds: KeyboardLeds | undefined): void {
    if (leds) this.#listener.leds(leds);
  }

  #end(why: string): void {
    if (this.#closed.signal.aborted) return;
    this[Symbol.dispose]();
    this.#listener.closed(why);
  }
}
