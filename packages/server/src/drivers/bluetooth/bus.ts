import { anySignal } from '../../core/any-signal.ts';
import { connectUnix, type Socket } from '../../platform/unix-socket.ts';
import {
  type DbusMessage,
  DbusMessageReader,
  encodeDbusMessage,
} from '../../protocols/dbus/message.ts';
import type { DbusValue } from '../../protocols/dbus/values.ts';

/** Where Linux systems have their bus. */
export const SYSTEM_BUS = '/run/dbus/system_bus_socket';

/** A call that we make. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DbusValue[];
}

/** What a called object answers: a result without values, or the error that it throws. */
export type BusObject = (call: DbusMessage) => void;

/** An answer that is an error; `code` is its name, such as org.bluez.Error.Failed. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: string;

  constructor(code: string, text: string) {
    super(text === '' ? code : text);
    this.code = code;
  }
}

const DAEMON = 'org.freedesktop.DBus';
const DAEMON_OBJECT = { destination: DAEMON, path: '/org/freedesktop/DBus', interface: DAEMON };
const UNKNOWN_METHOD = 'org.freedesktop.DBus.Error.UnknownMethod';
const PEER = 'org.freedesktop.DBus.Peer';
/** How long anything of it may take; adapters take a second to be switched on. */
const CALL_MS = 10_000;
const MAX_GREETING_BYTES = 1024;

interface Waiting {
  readonly resolve: (body: readonly DbusValue[]) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to a D-Bus daemon. */
export class Bus implements Disposable {
  readonly #socket: Socket;
  readonly #reader = new DbusMessageReader();
  readonly #gone = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  readonly #objects = new Map<string, BusObject>();
  readonly #followers = new Set<(signal: DbusMessage) => void>();
  #lastSerial = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lost = (cause?: unknown) => this.#fail(new Error('The D-Bus daemon has gone', { cause }));
    socket.on('error', lost);
    socket.once('close', () => lost());
    this.#gone.signal.addEventListener('abort', () => {
      socket.destroy();
      for (const { reject } of this.#waiting.values()) reject(this.#gone.signal.reason);
      this.#waiting.clear();
    });
  }

  /** Connects as the user that we are; rejects with the system's error or the reason of `signal`. */
  static async connect(path: string, signal: AbortSignal): Promise<Bus> {
    const limited = anySignal([signal, AbortSignal.timeout(CALL_MS)]);
    const socket = await connectUnix(path, limited);
    const rest = await greet(socket, limited);
    const bus = new Bus(socket);
    socket.on('data', (bytes: Uint8Array) => bus.#take(bytes));
    bus.#take(rest);
    try {
      await bus.call({ ...DAEMON_OBJECT, member: 'Hello' });
      return bus;
    } catch (error) {
      bus[Symbol.dispose]();
      throw error;
    }
  }

  /** Aborts when the connection has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Calls a method; its result. Rejects with a BusError, or as the connection ends. */
  call(call: BusCall): Promise<readonly DbusValue[]> {
    return new Promise((resolve, reject) => {
      if (this.gone.aborted) return reject(this.gone.reason);
      const message = { signature: '', body: [], ...call, kind: 'call' } as const;
      const serial = this.#send(message);
      const timer = setTimeout(() => this.#settle(serial)?.reject(lateError(call)), CALL_MS);
      timer.unref();
      this.#waiting.set(serial, {
        resolve: (body) => {
          clearTimeout(timer);
          resolve(body);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  /** Hears the signals that this rule of the daemon matches, and those of other rules. */
  async follow(rule: string, follower: (signal: DbusMessage) => void): Promise<void> {
    this.#followers.add(follower);
    await this.call({ ...DAEMON_OBJECT, member: 'AddMatch', signature: 's', body: [rule] });
  }

  /** Has an object of ours, which others may call. */
  export(path: string, object: BusObject): void {
    this.#objects.set(path, object);
  }

  [Symbol.dispose](): void {
    this.#fail(new Error('The connection to the D-Bus was closed'));
  }

  #take(bytes: Uint8Array): void {
    try {
      for (const message of this.#reader.push(bytes)) this.#heard(message);
    } catch (error) {
      this.#fail(error);
    }
  }

  #heard(message: DbusMessage): void {
    const { kind, replySerial = 0, body } = message;
    if (kind === 'return') this.#settle(replySerial)?.resolve(body);
    else if (kind === 'call') this.#answer(message);
    else if (kind === 'signal') for (const follower of this.#followers) follower(message);
    else {
      const [text] = body;
      const said = typeof text === 'string' ? text : '';
      this.#settle(replySerial)?.reject(new BusError(message.errorName ?? 'unknown', said));
    }
  }

  #answer(call: DbusMessage): void {
    const { serial, sender = '', isOneWay, path = '' } = call;
    const to = { destination: sender, replySerial: serial, signature: '', body: [] };
    let answer: Omit<DbusMessage, 'serial'> = { ...to, kind: 'return' };
    try {
      if (call.interface !== PEER || call.member !== 'Ping') {
        const object = this.#objects.get(path);
        if (!object) throw new BusError(UNKNOWN_METHOD, `There is no object ${path}`);
        object(call);
      }
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const { code: errorName, message } = error;
      answer = { ...to, kind: 'error', errorName, signature: 's', body: [message] };
    }
    if (!isOneWay) this.#send(answer);
  }

  #send(message: Omit<DbusMessage, 'serial'>): number {
    this.#lastSerial += 1;
    this.#socket.write(encodeDbusMessage({ ...message, serial: this.#lastSerial }));
    return this.#lastSerial;
  }

  #settle(serial: number): Waiting | undefined {
    const waiting = this.#waiting.get(serial);
    this.#waiting.delete(serial);
    return waiting;
  }

  #fail(error: unknown): void {
    this.#gone.abort(error);
  }
}

function lateError({ member, destination }: BusCall): Error {
  return new Error(`${member} of ${destination} has no answer`);
}

/**
 * Says who we are, which the kernel tells the daemon, too (D-Bus specification, "Authentication
 * Protocol"); what came after that.
 */
function greet(socket: Socket, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let said: Buffer = Buffer.alloc(0);
    const settle = (error?: Error) => {
      socket.off('data', heard).off('error', settle).off('close', closed);
      signal.removeEventListener('abort', aborted);
      if (error) {
        socket.destroy();
        reject(error);
      }
    };
    const closed = () => settle(new Error('The D-Bus daemon does not let us in'));
    const aborted = () => settle(signal.reason);
    const heard = (bytes: Buffer) => {
      said = Buffer.concat([said, bytes]);
      const end = said.indexOf('\r\n');
      if (end < 0 && said.length < MAX_GREETING_BYTES) return;
      if (end < 0 || !said.toString('latin1').startsWith('OK ')) return closed();
      settle();
      socket.write('BEGIN\r\n');
      resolve(said.subarray(end + 2));
    };
    socket.on('data', heard).on('error', settle).on('close', closed);
    signal.addEventListener('abort', aborted);
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
    socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  });
}
