import { expect, it } from 'vitest';
import type { SwitchReply, SwitchRequest } from '../protocols/pikvm-switch/message.ts';
import type { UnitState } from '../protocols/pikvm-switch/unit-state.ts';
import { SwitchChain, type WantedChain } from './switch-chain.ts';
import { portId, portOf } from './switch-ports.ts';

const CRC = 7;
const RIGHT: UnitState = {
  ...{ firmware: { version: 9, devbuild: false }, busy: false, hasDownlink: false, channel: 0 },
  beacons: [],
  colorCrcs: [CRC, CRC, CRC, CRC, CRC, CRC],
  videoLinks: [],
  edids: [1, 2, 3, 4].map((crc) => ({ valid: true, crc })),
  usbLinks: [],
  atxBusy: [],
  ignoresHpd: false,
  dummies: [true, true, true, true],
};
const WANTED: WantedChain = {
  edid: (port) => ({ data: Uint8Array.of(port), crc: (port % 4) + 1 }),
  dummy: () => true,
  colors: { packed: new Uint8Array(30), crc: CRC },
  ignoreHpdOnTop: false,
};
const leds = { power: [false, false, false, false], hdd: [false, false, false, false] };

/** A chain whose requests get rids from 1. */
function chainOf(...states: readonly Partial<UnitState>[]) {
  const chain = new SwitchChain();
  const sent: SwitchRequest[] = [];
  const tell = (unit: number, state: Partial<UnitState>, rid = 0) => {
    const hasDownlink = unit < states.length - 1;
    chain.take({ rid, unit, op: 'state', state: { ...RIGHT, hasDownlink, ...state } });
  };
  for (const [unit, state] of states.entries()) {
    tell(unit, state);
    chain.take({ rid: 0, unit, op: 'atxLeds', ...leds });
  }
  const reconcile = (now: number, wanted: Partial<WantedChain> = {}) => {
    sent.length = 0;
    const wait = chain.reconcile({ ...WANTED, ...wanted }, now, (request) => sent.push(request));
    return { wait, sent: sent.map(({ op, unit }) => `${op} ${unit}`) };
  };
  return { chain, tell, reconcile, sent };
}

it('counts ports as PiKVM does', () => {
  const numbers = [0, 7, 19, 1.1, 1.2, 1.3, 1.4, 1.9, 2.1, 9.9, 0.5, 1.04];
  expect(numbers.map(portOf)).toEqual([0, 7, 19, 0, 1, 2, 3, 3, 4, 19, 3, 0]);
  expect([portId(0, 1), portId(3, 1), portId(0, 2), portId(5, 2)]).toEqual([
    '1',
    '4',
    '1.1',
    '2.2',
  ]);
});

it('takes the port over that the first unit has, and leads the others to their downlink', () => {
  const { chain, reconcile } = chainOf({ channel: 4 }, { channel: 2 }, { channel: 1 });
  expect(chain.active).toBe(6);
  expect(reconcile(0).sent).toEqual(['switch 2']);
});

it('makes one kind of change at a time, and the next when the unit has told the last', () => {
  const wrong: Partial<UnitState> = {
    ...{ channel: 1, colorCrcs: [0, CRC, CRC, CRC, CRC, 0], dummies: [true, false, true, false] },
    edids: RIGHT.edids.map((edid) => ({ ...edid, valid: false })),
  };
  const { chain, tell, reconcile } = chainOf(wrong);
  chain.activate(2);
  const states: [Partial<UnitState>, readonly string[]][] = [
    [wrong, ['switch 0']],
    [{ ...wrong, channel: 2 }, ['setEdid 0']],
    [{ ...wrong, channel: 2, edids: RIGHT.edids }, ['setDummy 0']],
    [{ channel: 2, ignoresHpd: true, colorCrcs: wrong.colorCrcs ?? [] }, ['setQuirks 0']],
    [{ channel: 2, colorCrcs: wrong.colorCrcs ?? [] }, ['setColors 0', 'setColors 0']],
    [{ channel: 2 }, []],
  ];
  for (const [state, wanted] of states) {
    // The rid of the only request before.
    tell(0, state, 1);
    expect(reconcile(0).sent).toEqual(wanted);
    expect(reconcile(0).sent).toEqual([]);
  }
});

it('asks old firmware nothing that it does not know', () => {
  const wrong = { ignoresHpd: true, dummies: [false, true, true, true] };
  const old = chainOf({ ...wrong, firmware: { version: 7, devbuild: false } });
  expect(old.reconcile(0).sent).toEqual(['setQuirks 0']);
  const older = chainOf({ ...wrong, firmware: { version: 6, devbuild: false } });
  expect(older.reconcile(0).sent).toEqual([]);
  const own = chainOf({ ...wrong, firmware: { version: 1, devbuild: true } });
  expect(own.reconcile(0).sent).toEqual(['setDummy 0']);
});

it('clears the EDID of a port that shall have none', () => {
  const none = { edid: () => ({ data: undefined, crc: 0 }) };
  expect(chainOf({}).reconcile(0, none).sent).toEqual(['clearEdid 0']);
  const cleared = RIGHT.edids.map(({ crc }) => ({ valid: false, crc }));
  expect(chainOf({ edids: cleared }).reconcile(0, none).sent).toEqual([]);
});

it('waits for a busy unit, 5 s for a lost reply, and 1 s before it asks the same again', () => {
  const { chain, tell, reconcile } = chainOf({ channel: 1, busy: true });
  chain.activate(2);
  expect(reconcile(0)).toEqual({ wait: undefined, sent: [] });
  tell(0, { channel: 1 });
  expect(reconcile(0)).toEqual({ wait: 5000, sent: ['switch 0'] });
  expect(reconcile(4000)).toEqual({ wait: 1000, sent: [] });
  expect(reconcile(5000)).toEqual({ wait: 5000, sent: ['switch 0'] });
  chain.take({ rid: 1, unit: 0, op: 'nak', reason: 1 });
  expect(reconcile(5400)).toEqual({ wait: 600, sent: [] });
  expect(reconcile(6000).sent).toEqual(['switch 0']);
});

it('is as long as its units tell', () => {
  const { chain, tell } = chainOf({}, { channel: 4 }, { channel: 4 });
  chain.activate(11);
  expect([chain.units.length, chain.active, chain.isKnown]).toEqual([3, 11, true]);
  tell(1, { hasDownlink: false });
  expect([chain.units.length, chain.active]).toEqual([2, undefined]);
  chain.activate(8);
  expect(chain.active).toBeUndefined();
  tell(3, {});
  expect([chain.units.length, chain.isKnown]).toEqual([4, false]);
  const beyond: SwitchReply = { rid: 0, unit: 200, op: 'atxLeds', ...leds };
  chain.take(beyond);
  expect(chain.units.length).toBe(4);
});
