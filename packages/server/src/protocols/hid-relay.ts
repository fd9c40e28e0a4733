/**
 * USB relays that are HID devices, up to 8 relays each.
 *
 * V-USB boards ("www.dcttech.com"): feature reports.
 *
 *     FF n | FD n       relay n (1..8) on | off; the report has no number, as its first byte is not 0
 *     01 xx*6 mask      get-feature, report 1: bit n of the mask is relay n
 *
 * Noyito boards: output reports; they tell nothing.
 *
 *     A0 n 01|00 sum    relay n on | off; the sum is that of the three bytes before
 */

/** Relays of the largest board. */
export const RELAYS = 8;
/** The report with the state of all relays. */
export const RELAY_STATE = { report: 1, bytes: 8, mask: 7 } as const;

/** Feature report of a V-USB board for relay `pin` (0..7). */
export function relayReport(pin: number, on: boolean): Uint8Array {
  return Uint8Array.of(on ? 0xff : 0xfd, pin + 1);
}

/** The relays of a V-USB board's state report; undefined when it is too short. */
export function relaysOf(report: Uint8Array): readonly boolean[] | undefined {
  const mask = report[RELAY_STATE.mask];
  if (mask === undefined) return undefined;
  return Array.from({ length: RELAYS }, (_, pin) => ((mask >> pin) & 1) === 1);
}

/** Output report of a Noyito board for relay `pin` (0..7). */
export function noyitoReport(pin: number, on: boolean): Uint8Array {
  const state = on ? 1 : 0;
  return Uint8Array.of(0xa0, pin + 1, state, (0xa0 + pin + 1 + state) & 0xff);
}
