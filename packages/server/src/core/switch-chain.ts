import {
  encodeRequest,
  type SwitchReply,
  type SwitchRequest,
} from '../protocols/pikvm-switch/message.ts';
import {
  CHANNELS,
  DOWNLINK,
  LIGHTS,
  type UnitState,
} from '../protocols/pikvm-switch/unit-state.ts';
import { MAX_UNITS, placeOf } from './switch-ports.ts';

/** A change without a reply counts as lost after this, ms (DEVICES.md 8.6). */
const REPLY_MS = 5000;
/** A change that did not work is tried again no sooner than this, ms. */
const AGAIN_MS = 1000;
/** Firmware that knows the request. */
const KNOWS_QUIRKS = 7;
const KNOWS_DUMMIES = 8;

/** What an EDID of the Switch must be; none when `data` is undefined. */
export interface WantedEdid {
  readonly data: Uint8Array | undefined;
  readonly crc: number;
}

/** How the chain is to be, the active port aside. */
export interface WantedChain {
  edid(port: number): WantedEdid;
  dummy(port: number): boolean;
  readonly colors: { readonly packed: Uint8Array; readonly crc: number };
  /** The first unit shows links although it sees no display itself. */
  readonly ignoreHpdOnTop: boolean;
}

/** Lights of the machines on a unit. */
export interface AtxLeds {
  readonly power: readonly boolean[];
  readonly hdd: readonly boolean[];
}

/** What is known of a unit of the chain. */
export interface SwitchUnit {
  readonly state: UnitState | undefined;
  readonly leds: AtxLeds | undefined;
}

interface Member {
  state: UnitState | undefined;
  leds: AtxLeds | undefined;
  /** The change that is under way. */
  pending: { readonly rid: number; readonly until: number } | undefined;
  /** The last change, and when. */
  tried: { readonly what: string; readonly at: number } | undefined;
}

/** The units as they tell of themselves, and what has to be changed at them. Times in ms. */
export class SwitchChain {
  #members: Member[] = [];
  #active: number | undefined;

  get units(): readonly SwitchUnit[] {
    return this.#members;
  }

  /** Whether each unit has told all of itself. */
  get isKnown(): boolean {
    return this.#members.length > 0 && this.#members.every(({ state, leds }) => state && leds);
  }

  /** The port that is active or shall be; undefined when unknown or not in the chain. */
  get active(): number | undefined {
    const port = this.#active;
    return port !== undefined && port < this.#members.length * CHANNELS ? port : undefined;
  }

  /** A port that is not in the chain is ignored. */
  activate(port: number): void {
    if (port >= 0 && port < this.#members.length * CHANNELS) this.#active = port;
  }

  /** The line is gone; the choice of the port stays. */
  clear(): void {
    this.#members = [];
  }

  /** Takes what the Switch says; of units that no chain has it is ignored. */
  take(reply: SwitchReply): void {
    if (reply.unit >= MAX_UNITS) return;
    const known = this.#members[reply.unit];
    if (known?.pending?.rid === reply.rid) known.pending = undefined;
    if (reply.op === 'nak') return;
    while (this.#members.length <= reply.unit) {
      const nothing = { state: undefined, leds: undefined, pending: undefined, tried: undefined };
      this.#members.push(nothing);
    }
    const member = this.#members[reply.unit];
    if (!member) return;
    if (reply.op === 'atxLeds') {
      member.leds = { power: reply.power, hdd: reply.hdd };
      return;
    }
    member.state = reply.state;
    if (!reply.state.hasDownlink) this.#members.length = reply.unit + 1;
    this.#active ??= this.#found();
  }

  #found(): number | undefined {
    for (const [unit, { state }] of this.#members.entries()) {
      if (state && state.channel < CHANNELS) return unit * CHANNELS + state.channel;
    }
    return undefined;
  }

  /** Whether all units are as they shall be and none is busy. */
  isSynced(wanted: WantedChain): boolean {
    return this.#members.every(({ state }, unit) => {
      return state && !state.busy && this.#changes(unit, state, wanted).length === 0;
    });
  }

  /**
   * Sends what can be changed now, one kind of change a unit, by `send`, which gives the rid. Gives
   * in how many ms to look again; undefined when only a reply can change something.
   */
  reconcile(
    wanted: WantedChain,
    now: number,
    send: (request: SwitchRequest) => number | undefined,
  ): number | undefined {
    let wait: number | undefined;
    const lookAgain = (at: number) => {
      wait = Math.min(wait ?? Number.POSITIVE_INFINITY, Math.max(0, at - now));
    };
    for (const [unit, member] of this.#members.entries()) {
      if (!member.state || member.state.busy) continue;
      if (member.pending && now < member.pending.until) {
        lookAgain(member.pending.until);
        continue;
      }
      const changes = this.#changes(unit, member.state, wanted);
      if (changes.length === 0) continue;
      const what = changes.map((change) => encodeRequest(0, change).join()).join(';');
      if (member.tried?.what === what && now < member.tried.at + AGAIN_MS) {
        lookAgain(member.tried.at + AGAIN_MS);
        continue;
      }
      const rid = changes.map((change) => send(change)).at(-1);
      if (rid === undefined) continue;
      member.pending = { rid, until: now + REPLY_MS };
      member.tried = { what, at: now };
      lookAgain(member.pending.until);
    }
    return wait;
  }

  /** The first kind of change that a unit needs, in PiKVM's order. */
  #changes(unit: number, state: UnitState, wanted: WantedChain): readonly SwitchRequest[] {
    const channel = this.#channelOf(unit);
    if (channel !== undefined && channel !== state.channel)
      return [{ op: 'switch', unit, channel }];
    return firstOf(
      () => edidChange(unit, state, wanted),
      () => dummyChange(unit, state, wanted),
      () => quirkChange(unit, state, wanted),
      () => colorChanges(unit, state, wanted),
    );
  }

  #channelOf(unit: number): number | undefined {
    if (this.active === undefined) return undefined;
    const place = placeOf(this.active);
    return place.unit === unit ? place.channel : DOWNLINK;
  }
}

type Changes = (unit: number, state: UnitState, wanted: WantedChain) => readonly SwitchRequest[];

function firstOf(...kinds: readonly (() => readonly SwitchRequest[])[]): readonly SwitchRequest[] {
  for (const kind of kinds) {
    const changes = kind();
    if (changes.length > 0) return changes;
  }
  return [];
}

const edidChange: Changes = (unit, state, wanted) => {
  for (const [channel, has] of state.edids.entries()) {
    const { data, crc } = wanted.edid(unit * CHANNELS + channel);
    if (data === undefined && has.valid) return [{ op: 'clearEdid', unit, channel }];
    if (data !== undefined && !(has.valid && has.crc === crc)) {
      return [{ op: 'setEdid', unit, channel, data }];
    }
  }
  return [];
};

const dummyChange: Changes = (unit, state, wanted) => {
  if (!isNewEnough(state, KNOWS_DUMMIES)) return [];
  for (const [channel, has] of state.dummies.entries()) {
    const on = wanted.dummy(unit * CHANNELS + channel);
    if (on !== has) return [{ op: 'setDummy', unit, channel, on }];
  }
  return [];
};

const quirkChange: Changes = (unit, state, { ignoreHpdOnTop }) => {
  const ignoreHpd = ignoreHpdOnTop && unit === 0;
  if (!isNewEnough(state, KNOWS_QUIRKS) || state.ignoresHpd === ignoreHpd) return [];
  return [{ op: 'setQuirks', unit, ignoreHpd }];
};

const colorChanges: Changes = (unit, state, { colors }) => {
  return Array.from({ length: LIGHTS }, (_, light) => light)
    .filter((light) => state.colorCrcs[light] !== colors.crc)
    .map((light) => ({ op: 'setColors', unit, light, colors: colors.packed }) as const);
};

function isNewEnough({ firmware }: UnitState, version: number): boolean {
  return firmware.devbuild || firmware.version >= version;
}
