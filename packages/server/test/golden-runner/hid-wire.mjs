import { setTimeout as sleep } from 'node:timers/promises';
import { short } from './compare.mjs';

/** How long a report may take to get to the computer, ms. */
const PATIENCE_MS = 3000;
/** How long an unwanted one is waited for, ms. */
const QUIET_MS = 30;

/** What is wrong with the reports that `log` gives: those, and in this order on each device. */
export async function diffReports(wanted, log) {
  const deadline = Date.now() + PATIENCE_MS;
  while (log().length < wanted.length && Date.now() < deadline) await sleep(5);
  await sleep(QUIET_MS);
  const want = byDevice(wanted);
  const got = byDevice(log());
  return [...new Set([...want.keys(), ...got.keys()])].flatMap((device) => {
    const expected = want.get(device) ?? [];
    const given = got.get(device) ?? [];
    if (expected.join() === given.join()) return [];
    const at = expected.findIndex((hex, index) => hex !== given[index]);
    const from = at < 0 ? expected.length : at;
    const rest = (reports) => short(reports.slice(from, from + 4));
    return [`hid ${device}, report ${from}: want ${rest(expected)}, got ${rest(given)}`];
  });
}

function byDevice(reports) {
  const devices = new Map();
  for (const [device, hex] of reports) {
    devices.set(device, [...(devices.get(device) ?? []), hex]);
  }
  return devices;
}
