import { rmSync, symlinkSync } from 'node:fs';
import { crc16 } from '../../src/protocols/crc16.ts';
import { colorsCrc } from '../../src/protocols/pikvm-switch/colors.ts';
import { encodeFrame, FrameReader } from '../../src/protocols/pikvm-switch/frame.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../support/pseudo-terminal.ts';

const ALL_UNITS = 255;
const NAK_NO_DOWNLINK = 2;
const EDID_HEADER = '00ffffffffffff00';

/** A request as the Switch has read it; the body in hexadecimal. */
export interface SeenRequest {
  readonly op: number;
  readonly unit: number;
  readonly body: string;
}

/** What one unit is. */
interface FakeUnit {
  firmware: number;
  flags: number;
  channel: number;
  beacons: number;
  colorCrcs: number[];
  edids: Uint8Array[];
  quirks: number;
  dummies: number;
  atxBusy: number;
  power: number;
}

function newUnit(channel: number): FakeUnit {
  return {
    ...{
      firmware: 9,
      flags: 0x04,
      channel,
      beacons: 0,
      quirks: 0,
      dummies: 0,
      atxBusy: 0,
      power: 0,
    },
    colorCrcs: [0, 0, 0, 0, 0, 0],
    edids: [0, 1, 2, 3].map(() => new Uint8Array(256)),
  };
}

/** A chain of PiKVM Switch units at a serial line that the kernel makes; `path` leads to it. */
export class FakePikvmSwitch implements Disposable {
  readonly path: string;
  readonly requests: SeenRequest[] = [];
  /** Told of each as it comes. */
  onRequest: (request: SeenRequest) => void = () => undefined;
  /** What comes instead of an answer: nothing, or a refusal. */
  mood: 'helpful' | 'silent' | 'refusing' = 'helpful';
  #units: FakeUnit[] = [];
  #line: PseudoTerminal | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  /** `path` must not exist; it does while units are plugged in. */
  constructor(path: string) {
    this.path = path;
  }

  /** Plugs in a new chain, or with 0 pulls it out. The machine on the first port runs. */
  plug(units: number, firmware = 9): void {
    this.unplug();
    if (units === 0) return;
    this.#units = Array.from({ length: units }, (_, unit) => newUnit(unit === 0 ? 0 : 4));
    for (const unit of this.#units) unit.firmware = firmware;
    const [first] = this.#units;
    if (first) first.power = 1;
    const line = openPseudoTerminal();
    const reader = new FrameReader();
    line.far.on('data', (bytes: Uint8Array) => {
      for (const payload of reader.push(bytes)) this.#take(payload);
    });
    this.#line = line;
    symlinkSync(line.path, this.path);
  }

  /** The line goes away. */
  unplug(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    rmSync(this.path, { force: true });
    this.#line?.[Symbol.dispose]();
    this.#line = undefined;
    this.#units = [];
  }

  /** The last units of the chain are pulled out; the others tell it. */
  shorten(units: number): void {
    this.#units.length = units;
    this.tell();
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#line?.far.write(bytes);
  }

  /** Tells state and lights of each unit unasked. */
  tell(): void {
    for (const unit of this.#units.keys()) {
      this.#reply(0, 4, unit, this.stateOf(unit));
      this.#reply(0, 7, unit, this.#ledsOf(unit));
    }
  }

  /** Somebody presses a unit's light of power by hand. */
  setPower(unit: number, power: number): void {
    const found = this.#units[unit];
    if (found) found.power = power;
    this.#reply(0, 7, unit, this.#ledsOf(unit));
  }

  /** The body of a unit's state. */
  stateOf(index: number): Uint8Array {
    const unit = this.#units[index] ?? newUnit(4);
    const body = new Uint8Array(64);
    const view = new DataView(body.buffer);
    view.setUint16(0, unit.firmware, true);
    view.setUint16(4, unit.flags | (index < this.#units.length - 1 ? 0x02 : 0), true);
    body[6] = unit.channel;
    body[7] = unit.beacons;
    for (const [light, crc] of unit.colorCrcs.entries()) view.setUint16(8 + 2 * light, crc, true);
    body[20] = 0b0011;
    for (const [channel, edid] of unit.edids.entries()) {
      const valid = Buffer.from(edid.subarray(0, 8)).toString('hex') === EDID_HEADER;
      if (valid) body[22] = (body[22] ?? 0) | (1 << channel);
      view.setUint16(23 + 2 * channel, crc16(edid), true);
    }
    body[31] = 0b0011;
    body[33] = unit.atxBusy;
    body[34] = unit.quirks;
    body[35] = unit.dummies;
    return body;
  }

  [Symbol.dispose](): void {
    this.unplug();
  }

  #ledsOf(unit: number): Uint8Array {
    return Uint8Array.of(this.#units[unit]?.power ?? 0);
  }

  #take(payload: Uint8Array): void {
    const [, ridLow = 0, ridHigh = 0, op = 0, unit = 0] = payload;
    const body = payload.subarray(5);
    const request = { op, unit, body: Buffer.from(body).toString('hex') };
    this.requests.push(request);
    this.onRequest(request);
    if (this.mood === 'silent') return;
    const rid = ridLow | (ridHigh << 8);
    if (this.mood === 'refusing' && op !== 4 && op !== 7) {
      this.#reply(rid, 0, unit, Uint8Array.of(1));
      return;
    }
    if (unit === ALL_UNITS) {
      for (const one of this.#units.keys()) this.#answer(rid, op, one, body);
    } else if (unit < this.#units.length) this.#answer(rid, op, unit, body);
    else this.#reply(rid, 0, unit, Uint8Array.of(NAK_NO_DOWNLINK));
  }

  #answer(rid: number, op: number, index: number, body: Uint8Array): void {
    const unit = this.#units[index];
    if (!unit) return;
    const [first = 0, second = 0] = body;
    const bit = (bits: number) => (second ? bits | (1 << first) : bits & ~(1 << first));
    if (op === 5) unit.channel = first;
    else if (op === 6) unit.beacons = bit(unit.beacons);
    else if (op === 8) this.#press(index, body);
    else if (op === 9) unit.edids[first] = Uint8Array.from(body.subarray(1));
    else if (op === 10) unit.edids[first] = new Uint8Array(256);
    else if (op === 12) unit.colorCrcs[first] = colorsCrc(body.subarray(1));
    else if (op === 13) unit.quirks = first;
    else if (op === 14) unit.dummies = bit(unit.dummies);
    if (op === 7) this.#reply(rid, 7, index, this.#ledsOf(index));
    else this.#reply(rid, 4, index, this.stateOf(index));
  }

  /** A power button changes the power when it is up again. */
  #press(index: number, body: Uint8Array): void {
    const unit = this.#units[index];
    if (!unit) return;
    const [channel = 0, action = 0, low = 0, high = 0] = body;
    unit.atxBusy |= 1 << channel;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        unit.atxBusy &= ~(1 << channel);
        if (action === 0) unit.power ^= 1 << channel;
        this.#reply(0, 7, index, this.#ledsOf(index));
        this.#reply(0, 4, index, this.stateOf(index));
      },
      low | (high << 8),
    );
    this.#timers.add(timer);
  }

  #reply(rid: number, op: number, unit: number, body: Uint8Array): void {
    this.write(encodeFrame(Uint8Array.from([1, rid & 0xff, rid >> 8, op, unit, ...body])));
  }
}
