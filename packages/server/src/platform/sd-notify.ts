import { execFile } from 'node:child_process';
import { type NativeFunction, nativeFunction } from './libc.ts';

/** Tells systemd of the service, e.g. `READY=1`; rejects when it cannot be told. */
export type NotifySystemd = (message: string) => Promise<void>;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_NOSIGNAL = 0x4000;
/** systemd's own program may take so long, ms. */
const PROGRAM_MS = 5000;

/**
 * The service manager that started this process; undefined without one (sd_notify(3)). `open` is a
 * seam for tests: it throws where koffi is missing.
 */
export function systemdNotifier(
  env: NodeJS.ProcessEnv,
  open = datagramsTo,
): NotifySystemd | undefined {
  const place = env.NOTIFY_SOCKET;
  if (place === undefined || !/^[/@]./.test(place)) return undefined;
  let send: ((message: string) => void) | undefined;
  return async (message) => {
    try {
      send ??= open(place);
    } catch {
      // Without koffi: the kernel tells systemd of a child, which NotifyAccess=all allows.
      return await notifyByProgram(message, env);
    }
    send(message);
  };
}

/** How often systemd wants to hear of this process, ms; undefined when it does not watch it. */
export function watchdogMs(env: NodeJS.ProcessEnv, pid = process.pid): number | undefined {
  const { WATCHDOG_USEC: usec = '', WATCHDOG_PID: watched = String(pid) } = env;
  return /^[1-9]\d{3,15}$/.test(usec) && watched === String(pid) ? Number(usec) / 1000 : undefined;
}

/** Node has no datagrams of unix sockets. */
function datagramsTo(place: string): (message: string) => void {
  const socket: NativeFunction = nativeFunction('int socket(int domain, int type, int protocol)');
  const sendto: NativeFunction = nativeFunction(
    'long sendto(int fd, void *data, size_t bytes, int flags, void *address, uint32_t length)',
  );
  const address = socketAddress(place);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error('There is no socket for systemd');
  return (message) => {
    const data = Buffer.from(message);
    const sent = sendto(fd, data, data.length, MSG_NOSIGNAL, address, address.length);
    if (sent !== data.length) throw new Error(`systemd cannot be told at ${place}`);
  };
}

/** struct sockaddr_un: family: u16, then a path with a closing 0, or an abstract name behind one. */
function socketAddress(place: string): Uint8Array {
  const name = place.startsWith('@') ? `\0${place.slice(1)}` : `${place}\0`;
  return Uint8Array.of(AF_UNIX, 0, ...Buffer.from(name));
}

function notifyByProgram(message: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: PROGRAM_MS, env: { NOTIFY_SOCKET: env.NOTIFY_SOCKET } };
    execFile('/usr/bin/systemd-notify', [message], limits, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}
