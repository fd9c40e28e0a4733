import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type AtxButton,
  type AtxPowerAction,
  DEFAULT_EDID_ID,
  KvmError,
  type SwitchColor,
  type SwitchColorRole,
  type SwitchState,
} from '@crashcart/api';
import { crc16 } from '../protocols/crc16.ts';
import { hasEdidHeader } from '../protocols/edid.ts';
import { colorsCrc, packColors } from '../protocols/pikvm-switch/colors.ts';
import { ALL_UNITS, padEdid, type SwitchRequest } from '../protocols/pikvm-switch/message.ts';
import { DOWNLINK, UPLINK_BEACON } from '../protocols/pikvm-switch/unit-state.ts';
import type { Log } from './log.ts';
import { SettingsSaver } from './settings-saver.ts';
import { type ReadonlyCell, StateCell, type Unsubscribe } from './state.ts';
import { SwitchChain, type WantedChain, type WantedEdid } from './switch-chain.ts';
import type { SwitchDriver } from './switch-driver.ts';
import { MAX_UNITS, placeOf, portOf } from './switch-ports.ts';
import {
  orderedColors,
  portSettings,
  type SwitchPortSettings,
  type SwitchSettings,
  type SwitchSettingsStore,
  withColors,
  withoutEdid,
  withPort,
} from './switch-settings.ts';
import { switchStateOf } from './switch-state.ts';

/** News of lights alone wait this long for those of other units, ms (DEVICES.md 8.6). */
const LEDS_MS = 200;
const MAX_DELAY_MS = 0xffff;

/** What a `Switch` is made of. */
export interface SwitchOptions {
  /** Owned by the caller, who closes it after the `Switch`. */
  readonly driver: SwitchDriver;
  readonly store: SwitchSettingsStore;
  /** The EDID of ports that have none of their own; empty when there is none. */
  readonly defaultEdid: ReadonlyCell<Uint8Array>;
  /** Show links although the first unit sees no display at its output. */
  readonly ignoreHpdOnTop: boolean;
  readonly log: Log;
}

/** Which beacon: of a port (as `portOf` takes it), or of a side of a unit, from 0. */
export type SwitchBeacon =
  | { readonly port: number }
  | { readonly uplink: number }
  | { readonly downlink: number };

/**
 * A chain of PiKVM Switch units: brings it to what is selected and set, whenever it is there. Calls
 * never wait for the units; what they do is seen in the state. Ports as `portOf` takes them.
 */
export class Switch implements AsyncDisposable {
  readonly #driver: SwitchDriver;
  readonly #defaultEdid: ReadonlyCell<Uint8Array>;
  readonly #ignoreHpdOnTop: boolean;
  readonly #log: Log;
  readonly #saver: SettingsSaver<SwitchSettings>;
  readonly #chain = new SwitchChain();
  readonly #state: StateCell<SwitchState>;
  readonly #unfollow: readonly Unsubscribe[];
  #settings: SwitchSettings;
  #wanted: WantedChain;
  #again: NodeJS.Timeout | undefined;
  #publishing: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SwitchOptions) {
    const { driver, store, defaultEdid } = options;
    this.#driver = driver;
    this.#defaultEdid = defaultEdid;
    this.#ignoreHpdOnTop = options.ignoreHpdOnTop;
    this.#log = options.log;
    this.#saver = new SettingsSaver((settings) => store.save(settings), options.log);
    this.#settings = store.value;
    this.#wanted = this.#want();
    this.#state = new StateCell(this.#describe());
    this.#unfollow = [
      driver.onReply((reply) => {
        if (reply.op === 'nak') this.#log.debug(reply, 'The Switch refused a request');
        this.#chain.take(reply);
        this.#step();
      }),
      driver.online.subscribe((online) => this.#connected(online)),
      defaultEdid.subscribe(() => this.#change(this.#settings)),
    ];
    if (driver.online.value) this.#connected(true);
  }

  get state(): ReadonlyCell<SwitchState> {
    return this.#state;
  }

  /** Selects a port; one that is not there is ignored. */
  setActive(port: number): void {
    this.#chain.activate(portOf(port));
    this.#step();
  }

  /** Selects the port before the active one, if there is one. */
  setActivePrev(): void {
    this.setActive((this.#chain.active ?? 0) - 1);
  }

  /** Selects the port after the active one, if there is one. */
  setActiveNext(): void {
    this.setActive((this.#chain.active ?? -1) + 1);
  }

  /** Lights or darkens a beacon. */
  setBeacon(which: SwitchBeacon, on: boolean): void {
    const { unit, beacon } = beaconOf(which);
    this.#send({ op: 'beacon', unit, beacon, on });
  }

  /** Changes what is kept of a port. Throws SwitchUnknownEdidError. */
  setPortParams(port: number, changes: SwitchPortSettings): void {
    const { edid = DEFAULT_EDID_ID } = changes;
    if (edid !== DEFAULT_EDID_ID) this.#checkEdid(edid);
    const number = portOf(port);
    if (placeOf(number).unit < MAX_UNITS) this.#change(withPort(this.#settings, number, changes));
  }

  /** Changes colours; undefined is the default. */
  setColors(colors: Readonly<Partial<Record<SwitchColorRole, SwitchColor | undefined>>>): void {
    this.#change(withColors(this.#settings, colors));
  }

  /** Starts a unit anew. */
  reset(unit: number, options: { readonly bootloader: boolean }): void {
    this.#log.info({ unit, ...options }, 'Switch unit reset');
    this.#send({ op: options.bootloader ? 'bootloader' : 'reboot', unit });
  }

  /** Adds an EDID and gives its id; `data` is upper-case hexadecimal of 128 or 256 bytes. */
  createEdid(name: string, data: string): string {
    const id = randomUUID();
    const edids = { ...this.#settings.edids, [id]: { name, data } };
    this.#change({ ...this.#settings, edids });
    return id;
  }

  /** Changes an EDID, also on the ports that have it. Throws SwitchUnknownEdidError. */
  changeEdid(
    id: string,
    { name, data }: { readonly name?: string | undefined; readonly data?: string | undefined },
  ): void {
    const known = this.#checkEdid(id);
    const edid = { name: name ?? known.name, data: data ?? known.data };
    this.#change({ ...this.#settings, edids: { ...this.#settings.edids, [id]: edid } });
  }

  /** Removes an EDID; its ports get the default one. Throws SwitchUnknownEdidError. */
  removeEdid(id: string): void {
    this.#checkEdid(id);
    this.#change(withoutEdid(this.#settings, id));
  }

  /** Brings the machine of a port to a power state; nothing happens when it has it, or is busy. */
  atxPower(port: number, action: AtxPowerAction): void {
    const button =
      action === 'off_hard' ? 'power_long' : action === 'reset_hard' ? 'reset' : 'power';
    const { unit, channel } = placeOf(portOf(port));
    const isOn = this.#chain.units[unit]?.leds?.power[channel];
    if (isOn !== undefined && isOn !== (action === 'on')) this.atxClick(port, button);
  }

  /** Presses a button of the machine of a port; ignored when it is busy or not there. */
  atxClick(port: number, button: AtxButton): void {
    const number = portOf(port);
    const { unit, channel } = placeOf(number);
    const state = this.#chain.units[unit]?.state;
    if (!state || state.atxBusy[channel]) return;
    const seconds = portSettings(this.#settings, number).delays[button];
    const delayMs = Math.min(Math.max(Math.round(seconds * 1000), 1), MAX_DELAY_MS);
    this.#log.info({ port: number, button }, 'ATX button pressed at the Switch');
    const pressed = button === 'reset' ? 'reset' : 'power';
    this.#send({ op: 'atxClick', unit, channel, button: pressed, delayMs });
  }

  /** Lets go of the driver; resolves when the settings are kept, or cannot be. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const unfollow of this.#unfollow) unfollow();
    clearTimeout(this.#again);
    clearTimeout(this.#publishing);
    await this.#saver.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkEdid(id: string): { readonly name: string; readonly data: string } {
    const { edids } = this.#settings;
    const edid = Object.hasOwn(edids, id) ? edids[id] : undefined;
    if (!edid) throw new KvmError('SwitchUnknownEdidError');
    return edid;
  }

  /** Asks one unit; there is none of the number that means all. */
  #send(request: SwitchRequest): void {
    if (request.unit < ALL_UNITS) this.#driver.send(request);
  }

  #connected(online: boolean): void {
    this.#chain.clear();
    if (online) {
      this.#driver.send({ op: 'state', unit: ALL_UNITS });
      this.#driver.send({ op: 'atxLeds', unit: ALL_UNITS });
    }
    this.#step();
  }

  #change(settings: SwitchSettings): void {
    if (!isDeepStrictEqual(settings, this.#settings)) this.#saver.save(settings);
    this.#settings = settings;
    this.#wanted = this.#want();
    this.#step();
  }

  #want(): WantedChain {
    const settings = this.#settings;
    const packed = packColors(orderedColors(settings));
    const edids = new Map<string, WantedEdid>();
    const fallback = wantedEdid(this.#defaultEdid.value);
    for (const [id, { data }] of Object.entries(settings.edids)) {
      edids.set(id, wantedEdid(Buffer.from(data, 'hex')));
    }
    return {
      edid: (port) => edids.get(portSettings(settings, port).edid) ?? fallback,
      dummy: (port) => portSettings(settings, port).dummy,
      colors: { packed, crc: colorsCrc(packed) },
      ignoreHpdOnTop: this.#ignoreHpdOnTop,
    };
  }

  /** Sends what has to be changed and tells what is new. */
  #step(): void {
    if (this.#closed) return;
    clearTimeout(this.#again);
    const send = (request: SwitchRequest) => this.#driver.send(request);
    const wait = this.#chain.reconcile(this.#wanted, performance.now(), send);
    if (wait !== undefined) this.#again = setTimeout(() => this.#step(), wait).unref();
    this.#publish();
  }

  #publish(): void {
    const now = this.#describe();
    const told = this.#state.value;
    if (isDeepStrictEqual({ ...told, atx: now.atx }, now)) {
      if (isDeepStrictEqual(told.atx, now.atx)) return;
      this.#publishing ??= setTimeout(() => this.#publishNow(), LEDS_MS).unref();
    } else this.#publishNow();
  }

  #publishNow(): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    this.#state.set(this.#describe());
  }

  #describe(): SwitchState {
    const defaultEdid = this.#defaultEdid.value;
    const isSynced = this.#chain.isSynced(this.#wanted);
    return switchStateOf(this.#chain, this.#settings, { defaultEdid, isSynced });
  }
}

function beaconOf(which: SwitchBeacon): { readonly unit: number; readonly beacon: number } {
  if ('uplink' in which) return { unit: which.uplink, beacon: UPLINK_BEACON };
  if ('downlink' in which) return { unit: which.downlink, beacon: DOWNLINK };
  const { unit, channel } = placeOf(portOf(which.port));
  return { unit, beacon: channel };
}

function wantedEdid(data: Uint8Array): WantedEdid {
  const padded = hasEdidHeader(data) ? padEdid(data) : undefined;
  return { data: padded, crc: padded ? crc16(padded) : 0 };
}
