import { CHANNELS } from '../protocols/pikvm-switch/unit-state.ts';

/** Most units of a chain. */
export const MAX_UNITS = 5;

/**
 * The port that a request names, from 0: whole numbers count so, `2.1` is the first port of the
 * second unit; what is after the point counts as a digit of 1..4 (PiKVM's numbering).
 */
export function portOf(number: number): number {
  if (Number.isInteger(number)) return number;
  const whole = Math.floor(number);
  const digit = Math.round((number - whole) * 10);
  const unit = Math.min(Math.max(whole, 1), MAX_UNITS) - 1;
  const channel = Math.min(Math.max(digit, 1), CHANNELS) - 1;
  return unit * CHANNELS + channel;
}

/** Unit and channel of a port, each from 0. */
export function placeOf(port: number): { readonly unit: number; readonly channel: number } {
  return { unit: Math.floor(port / CHANNELS), channel: port % CHANNELS };
}

/** What people call a port: `UNIT.PORT` from 1, or only the port when there is one unit. */
export function portId(port: number, units: number): string {
  const { unit, channel } = placeOf(port);
  return units > 1 ? `${unit + 1}.${channel + 1}` : `${channel + 1}`;
}
