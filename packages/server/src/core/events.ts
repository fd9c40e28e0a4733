import {
  COMPATIBLE_VERSION,
  INFO_CATEGORIES,
  type InfoState,
  type OcrState,
  type ServerEvent,
} from '@crashcart/api';
import {
  changedInfo,
  diffGpio,
  diffMsd,
  diffStreamer,
  diffSwitch,
  toldInfo,
} from './event-diff.ts';
import type { Machine } from './machine.ts';
import type { Msd } from './msd.ts';
import { type ReadonlyCell, StateCell, type Unsubscribe } from './state.ts';
import type { Switch } from './switch.ts';

/** Takes events; it must not throw, and may keep an event, which nobody changes. */
export type EventListener = (event: ServerEvent) => void;

/** What a hub tells of. */
export interface EventSources {
  readonly machine: Pick<Machine, 'gpio' | 'hid' | 'atx' | 'streamer'> & {
    readonly msd: Pick<Msd, 'state'>;
    readonly switch: Pick<Switch, 'state'>;
  };
  readonly info: ReadonlyCell<InfoState>;
  readonly ocr: ReadonlyCell<OcrState>;
}

/**
 * Turns the state of a machine into wire events. A joiner alone gets everything; later all members
 * get what has changed, as the same object, so that a front end can serialise it once for all.
 */
export class EventHub {
  readonly #sources: EventSources;
  readonly #members = new Map<symbol, { listener: EventListener; stream: boolean }>();
  readonly #clients = new StateCell(0);
  readonly #unsubscribes: readonly Unsubscribe[];

  constructor(sources: EventSources) {
    this.#sources = sources;
    this.#unsubscribes = this.#subscribeAll();
  }

  /** How many members watch the stream. */
  get clients(): ReadonlyCell<number> {
    return this.#clients;
  }

  /**
   * Adds a member: before this returns, `listener` has got the whole state. `stream` members are
   * counted as clients. The result ends the membership.
   */
  join(listener: EventListener, options: { readonly stream?: boolean } = {}): Unsubscribe {
    const id = Symbol('member');
    const stream = options.stream ?? false;
    // The joiner finds the new count in its snapshot, so it joins after the others were told.
    if (stream) this.#clients.set(this.#clients.value + 1);
    for (const event of this.#snapshot()) listener(event);
    this.#members.set(id, { listener, stream });
    return () => {
      if (this.#members.delete(id) && stream) this.#clients.set(this.#clients.value - 1);
    };
  }

  /** Follows the states no longer. */
  close(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#members.clear();
  }

  #snapshot(): readonly ServerEvent[] {
    const { machine, info, ocr } = this.#sources;
    const printing = machine.hid.printing.value;
    const told = toldInfo(info.value);
    return [
      { event_type: 'loop', event: { version: COMPATIBLE_VERSION } },
      { event_type: 'gpio', event: machine.gpio.state.value },
      { event_type: 'hid', event: machine.hid.state.value },
      { event_type: 'hid_keymaps', event: machine.hid.keymaps.value },
      ...(printing.active ? [{ event_type: 'hid_print' as const, event: printing }] : []),
      { event_type: 'atx', event: machine.atx.state.value },
      { event_type: 'msd', event: machine.msd.state.value },
      { event_type: 'streamer', event: machine.streamer.state.value },
      { event_type: 'ocr', event: ocr.value },
      { event_type: 'switch', event: machine.switch.state.value },
      { event_type: 'clients', event: { count: this.#clients.value } },
      ...INFO_CATEGORIES.map((name) => ({
        event_type: 'info' as const,
        event: { [name]: told[name] },
      })),
    ];
  }

  #subscribeAll(): readonly Unsubscribe[] {
    const { machine, info, ocr } = this.#sources;
    return [
      machine.gpio.state.subscribe((now, before) => {
        this.#emit({ event_type: 'gpio', event: diffGpio(now, before) });
      }),
      machine.hid.state.subscribe((now) => this.#emit({ event_type: 'hid', event: now })),
      machine.hid.keymaps.subscribe((now) => this.#emit({ event_type: 'hid_keymaps', event: now })),
      machine.hid.printing.subscribe((now) => this.#emit({ event_type: 'hid_print', event: now })),
      machine.atx.state.subscribe((now) => this.#emit({ event_type: 'atx', event: now })),
      machine.msd.state.subscribe((now, before) => {
        this.#emit({ event_type: 'msd', event: diffMsd(now, before) });
      }),
      machine.streamer.state.subscribe((now, before) => {
        this.#emit({ event_type: 'streamer', event: diffStreamer(now, before) });
      }),
      ocr.subscribe((now) => this.#emit({ event_type: 'ocr', event: now })),
      machine.switch.state.subscribe((now, before) => {
        this.#emit({ event_type: 'switch', event: diffSwitch(now, before) });
      }),
      this.#clients.subscribe((count) => this.#emit({ event_type: 'clients', event: { count } })),
      info.subscribe((now, before) => {
        for (const event of changedInfo(now, before)) this.#emit({ event_type: 'info', event });
      }),
    ];
  }

  #emit(event: ServerEvent): void {
    for (const { listener } of [...this.#members.values()]) listener(event);
  }
}
