import { setTimeout as sleep } from 'node:timers/promises';
import { diffJson, short } from './compare.mjs';

/** Names of the recordings; asking for states is nobody's difference. */
const OPS = new Map([
  ...[
    [0, 'NAK'],
    [2, 'BOOTLOADER'],
    [3, 'REBOOT'],
    [5, 'SWITCH'],
    [6, 'BEACON'],
    [8, 'ATX_CLICK'],
  ],
  ...[
    [9, 'SET_EDID'],
    [10, 'CLEAR_EDID'],
    [12, 'SET_COLORS'],
    [13, 'SET_QUIRKS'],
    [14, 'SET_DUMMY'],
  ],
]);
/** Bytes of a body that were recorded. */
const RECORDED_BYTES = 32;
/** How long a request may take to get to the line, ms. */
const PATIENCE_MS = 3000;
/** How long an unwanted one is waited for, ms. */
const QUIET_MS = 300;

/** What is wrong with the requests that `log` gives: all wanted ones, and no other kind. */
export async function diffWire(wanted, log) {
  const deadline = Date.now() + PATIENCE_MS;
  if (wanted.length === 0) await sleep(QUIET_MS);
  while (true) {
    const got = log().flatMap(({ op, unit, body }) =>
      OPS.has(op) ? [{ op: OPS.get(op), unit, body: body.slice(0, 2 * RECORDED_BYTES) }] : [],
    );
    const missing = wanted.filter((one) => !got.some((other) => diffJson(one, other).length === 0));
    const kinds = new Set(wanted.map(({ op }) => op));
    const others = got.filter(({ op }) => !kinds.has(op));
    if (missing.length === 0 || others.length > 0 || Date.now() > deadline) {
      return [
        ...missing.map((one) => `switch: missing ${short(one)}`),
        ...others.map((one) => `switch: unexpected ${short(one)}`),
      ];
    }
    await sleep(10);
  }
}
