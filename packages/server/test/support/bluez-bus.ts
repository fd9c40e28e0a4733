import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DbusMessage,
  DbusMessageReader,
  encodeDbusMessage,
} from '../../src/protocols/dbus/message.ts';
import type { FakeBluez } from '../fakes/fake-bluez.ts';

/** The program that Debian's package dbus-daemon has. */
export const DBUS_DAEMON = '/usr/bin/dbus-daemon';
export const hasDbusDaemon = existsSync(DBUS_DAEMON);

const DAEMON = 'org.freedesktop.DBus';
const BLUEZ_NAME = 'org.bluez';
const BLUEZ_SENDER = ':1.77';
const OURS = ':1.1';
/** Lets everybody own and send everything. */
const CONFIG = (path: string) => `<busconfig>
  <type>session</type>
  <listen>unix:path=${path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
`;

type Unsent = Omit<DbusMessage, 'serial'>;

/** A D-Bus that a driver is connected to, with a stand-in of BlueZ; it goes with the test. */
export interface BluezBus extends AsyncDisposable {
  /** Socket of the daemon. */
  readonly path: string;
  /** BlueZ is started, or ended. */
  setRunning(isRunning: boolean): Promise<void>;
  /** The daemon ends its connections. */
  drop(): void;
}

/** A stand-in of the daemon, too: fast, and able to fail. */
export async function fakeBluezBus(bluez: FakeBluez): Promise<BluezBus> {
  const dir = mkdtempSync(join(tmpdir(), 'bus-'));
  const path = join(dir, 'bus');
  const sockets = new Set<Socket>();
  let isRunning = true;
  let serial = 0;
  const tell = (message: Unsent) => {
    serial += 1;
    for (const socket of sockets) socket.write(encodeDbusMessage({ ...message, serial }));
  };
  bluez.send = (message) => {
    if (isRunning) tell({ ...message, sender: BLUEZ_SENDER });
  };
  const serve = (call: DbusMessage) => {
    const { destination, member } = call;
    if (call.kind !== 'call') return;
    const to = { destination: OURS, replySerial: call.serial, signature: '', body: [] };
    if (destination === DAEMON) {
      const named = member === 'Hello' ? { signature: 's', body: [OURS] } : {};
      tell({ ...to, kind: 'return', sender: DAEMON, ...named });
    } else if (!isRunning) {
      const errorName = `${DAEMON}.Error.ServiceUnknown`;
      tell({ ...to, kind: 'error', sender: DAEMON, errorName });
    } else {
      const answer = bluez.answer({ ...call, sender: OURS });
      const kind = 'errorName' in answer ? 'error' : 'return';
      tell({ ...to, kind, sender: BLUEZ_SENDER, ...answer });
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    talk(socket, serve);
  });
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    async setRunning(now) {
      isRunning = now;
      const body = [BLUEZ_NAME, now ? '' : BLUEZ_SENDER, now ? BLUEZ_SENDER : ''];
      const what = { path: '/org/freedesktop/DBus', interface: DAEMON, sender: DAEMON };
      const member = 'NameOwnerChanged';
      tell({ kind: 'signal', ...what, member, signature: 'sss', body });
    },
    drop,
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
      await once(server, 'close');
      rmSync(dir, { recursive: true });
    },
  };
}

/** Greets as a server would, and gives the messages that come then. */
function talk(socket: Socket, heard: (message: DbusMessage) => void): void {
  const reader = new DbusMessageReader();
  let greeting = Buffer.alloc(0);
  let isIn = false;
  socket.on('data', (bytes: Buffer) => {
    if (isIn) {
      for (const message of reader.push(bytes)) heard(message);
      return;
    }
    const before = greeting.includes('\r\n');
    greeting = Buffer.concat([greeting, bytes]);
    if (!before && greeting.includes('\r\n')) socket.write('OK 0123456789abcdef\r\n');
    const end = greeting.indexOf('BEGIN\r\n');
    if (end < 0) return;
    isIn = true;
    for (const message of reader.push(greeting.subarray(end + 7))) heard(message);
  });
}

/** A dbus-daemon of our own, at which the stand-in of BlueZ has its name. */
export async function realBluezBus(bluez: FakeBluez): Promise<BluezBus> {
  const dir = mkdtempSync(join(tmpdir(), 'bus-'));
  const path = join(dir, 'bus');
  const config = join(dir, 'bus.conf');
  writeFileSync(config, CONFIG(path));
  const args = [`--config-file=${config}`, '--nofork', '--nopidfile', '--nosyslog'];
  const daemon = spawn(DBUS_DAEMON, [...args, '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(daemon.stdout, 'data');
  let socket = await ownName(path, bluez);
  return {
    path,
    async setRunning(now) {
      if (now) socket = await ownName(path, bluez);
      else socket.destroy();
    },
    drop() {
      daemon.kill('SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      if (daemon.exitCode === null && daemon.signalCode === null) {
        daemon.kill('SIGKILL');
        await once(daemon, 'exit');
      }
      rmSync(dir, { recursive: true });
    },
  };
}

/** Connects the stand-in to a real daemon; resolves when it has its name. */
async function ownName(path: string, bluez: FakeBluez): Promise<Socket> {
  const socket = connect(path);
  const uid = Buffer.from(String(process.getuid?.())).toString('hex');
  await once(socket, 'connect');
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  await once(socket, 'data');
  socket.write('BEGIN\r\n');
  let serial = 0;
  const send = (message: Unsent) => {
    serial += 1;
    socket.write(encodeDbusMessage({ ...message, serial }));
    return serial;
  };
  const call = (member: string, signature: string, body: DbusMessage['body']) => {
    const to = { destination: DAEMON, path: '/org/freedesktop/DBus', interface: DAEMON };
    return send({ kind: 'call', ...to, member, signature, body });
  };
  call('Hello', '', []);
  const owned = call('RequestName', 'su', [BLUEZ_NAME, 0]);
  bluez.send = (message) => void send(message);
  const reader = new DbusMessageReader();
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('The D-Bus daemon has thrown the stand-in out')));
    socket.on('data', (bytes: Buffer) => {
      for (const message of reader.push(bytes)) {
        if (message.kind === 'return' && message.replySerial === owned) resolve();
        if (message.kind !== 'call') continue;
        const answer = bluez.answer(message);
        const to = { destination: message.sender ?? '', replySerial: message.serial };
        const kind = 'errorName' in answer ? 'error' : 'return';
        send({ signature: '', body: [], ...to, kind, ...answer });
      }
    });
  });
  return socket;
}
