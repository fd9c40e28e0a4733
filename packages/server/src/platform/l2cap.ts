import { type PacketSocket, servePackets } from './packet-socket.ts';
import { SocketWatch } from './socket-watch.ts';

export type { PacketListener, PacketSocket } from './packet-socket.ts';

/** <bluetooth/bluetooth.h>, <bluetooth/l2cap.h> */
const AF_BLUETOOTH = 31;
const BTPROTO_L2CAP = 0;
const SOL_BLUETOOTH = 274;
const BT_SECURITY = 4;
/** Nobody needs to have typed a number, but the link is encrypted, so the two are paired. */
const BT_SECURITY_MEDIUM = 2;
/** struct sockaddr_l2: u16 family, u16le psm, 6 bytes of address from its end, u16le cid, u8 type, 0. */
const SOCKADDR_BYTES = 14;
const ADDRESS_AT = 4;

/** Where connections are awaited. */
export interface L2capOptions {
  /** Of the adapter, as 00:11:22:33:44:55. */
  readonly address: string;
  readonly psms: readonly number[];
  readonly backlog: number;
  /** Whether only who is paired gets in. */
  readonly isSecure: boolean;
  /** How long the waiting thread may sleep at a time, ms. */
  readonly maxWaitMs: number;
  /** A connection, and from which address. */
  readonly onConnection: (psm: number, socket: PacketSocket, address: string) => void;
}

/** Awaits connections until it is closed; rejects with the system's error. */
export type ServeL2cap = (options: L2capOptions) => Promise<AsyncDisposable>;

/** The sockets of this system; they need the optional koffi. */
export const serveL2cap: ServeL2cap = async (options) => {
  const watch = new SocketWatch(options.maxWaitMs);
  const servers: Disposable[] = [];
  const close = async () => {
    for (const server of servers) server[Symbol.dispose]();
    await watch[Symbol.asyncDispose]();
  };
  // Two bytes: level, and the size of the key, which the kernel chooses.
  const value = Uint8Array.of(BT_SECURITY_MEDIUM, 0);
  const secure = { level: SOL_BLUETOOTH, name: BT_SECURITY, value };
  try {
    for (const psm of options.psms) {
      const server = servePackets({
        ...{ domain: AF_BLUETOOTH, protocol: BTPROTO_L2CAP, watch, backlog: options.backlog },
        address: encodeL2capAddress(options.address, psm),
        options: options.isSecure ? [secure] : [],
        onConnection: (socket, address) => {
          options.onConnection(psm, socket, decodeL2capAddress(address));
        },
      });
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { [Symbol.asyncDispose]: close };
};

/** The address of an adapter and a PSM as the kernel has it. */
export function encodeL2capAddress(address: string, psm: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(SOCKADDR_BYTES));
  // The family is in the machine's own order, and so are all machines that we run on.
  view.setUint16(0, AF_BLUETOOTH, true);
  view.setUint16(2, psm, true);
  for (const [index, byte] of address.split(':').reverse().entries()) {
    view.setUint8(ADDRESS_AT + index, Number.parseInt(byte, 16));
  }
  return new Uint8Array(view.buffer);
}

/** The Bluetooth address of what the kernel has, as 00:11:22:33:44:55 in capitals. */
export function decodeL2capAddress(bytes: Uint8Array): string {
  return [...bytes.subarray(ADDRESS_AT, ADDRESS_AT + 6)]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
    .join(':');
}
