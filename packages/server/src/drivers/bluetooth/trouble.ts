import { isSystemError } from '../../platform/files.ts';
import { NoAdapterError } from './adapter.ts';
import { BusError } from './bus.ts';

const DAEMON_ERROR = 'org.freedesktop.DBus.Error.';
/** Ways in which a daemon says that nobody has the name. */
const NOBODY = ['ServiceUnknown', 'NameHasNoOwner', 'TimedOut', 'Spawn.'];

/** What keeps us from being a Bluetooth device, and what to do. */
export function bluetoothTrouble(error: unknown): string {
  if (error instanceof NoAdapterError) return noAdapter(error);
  if (error instanceof BusError) return busTrouble(error);
  if (isSystemError(error, 'ENOENT', 'ECONNREFUSED')) {
    return 'there is no D-Bus: install dbus and bluez and start them';
  }
  if (isSystemError(error, 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT')) {
    return 'the kernel has no Bluetooth (modprobe bluetooth), or the unit of the server lacks AF_BLUETOOTH: docs/hardware.md';
  }
  if (isSystemError(error, 'EACCES', 'EPERM')) {
    return 'the channels 17 and 19 need the capability CAP_NET_BIND_SERVICE: docs/hardware.md has the drop-in for the unit of the server';
  }
  if (isSystemError(error, 'EADDRINUSE')) {
    return 'another program has the channels 17 and 19: start bluetoothd with --noplugin=input, as docs/hardware.md says';
  }
  if (isSystemError(error, 'EADDRNOTAVAIL', 'ENODEV')) return 'the adapter has just gone';
  return error instanceof Error ? error.message : String(error);
}

function noAdapter({ message, others }: NoAdapterError): string {
  const there = others.length > 0 ? `there is ${others.join(', ')}` : 'there is none at all';
  return `${message}: plug it in, or name another in hid.iface; ${there}`;
}

function busTrouble({ code, message }: BusError): string {
  if (NOBODY.some((name) => code.startsWith(`${DAEMON_ERROR}${name}`))) {
    return 'bluetoothd does not run: install bluez, then systemctl enable --now bluetooth';
  }
  if (code === `${DAEMON_ERROR}AccessDenied`) {
    return "D-Bus does not let this user talk to bluetoothd: put the server's user into the group bluetooth";
  }
  if (code === 'org.bluez.Error.Blocked') {
    return 'the adapter is blocked: rfkill unblock bluetooth';
  }
  if (code === 'org.bluez.Error.NotPermitted' || code === 'org.bluez.Error.AlreadyExists') {
    return `somebody else offers a keyboard with bluetoothd, as a rule its own plugin: start it with --noplugin=input, as docs/hardware.md says (${message})`;
  }
  return `bluetoothd refuses: ${message} (${code})`;
}
