import { expect, it, vi } from 'vitest';
import { decodeL2capAddress, encodeL2capAddress } from './l2cap.ts';
import { nativeFunction } from './libc.ts';
import { type PacketSocket, servePackets } from './packet-socket.ts';
import { SocketWatch } from './socket-watch.ts';

/** The kernel's other packets that keep their order: those of unix sockets, with the same calls. */
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
let lastName = 0;

function unixAddress(): Uint8Array {
  lastName += 1;
  return Uint8Array.from([AF_UNIX, 0, 0, ...Buffer.from(`packets-${process.pid}-${lastName}`)]);
}

/** A connection to an address, by the system calls alone. */
function peerOf(address: Uint8Array) {
  const socket = nativeFunction('int socket(int domain, int type, int protocol)');
  const connect = nativeFunction('int connect(int fd, const void *address, uint32_t length)');
  const send = nativeFunction('long send(int fd, const void *data, size_t bytes, int flags)');
  const recv = nativeFunction('long recv(int fd, void *into, size_t bytes, int flags)');
  const close = nativeFunction('int close(int fd)');
  const fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  const isConnected = connect(fd, address, address.length) === 0;
  return {
    isConnected,
    send: (text: string) => send(fd, Buffer.from(text), text.length, 0),
    recv: () => {
      const into = new Uint8Array(256);
      const bytes = recv(fd, into, into.length, 0);
      return bytes < 0 ? undefined : Buffer.from(into.subarray(0, bytes)).toString();
    },
    close: () => close(fd),
  };
}

async function rig() {
  const watch = new SocketWatch(1000);
  const address = unixAddress();
  const sockets: PacketSocket[] = [];
  const server = servePackets({
    ...{ domain: AF_UNIX, protocol: 0, address, backlog: 5, watch },
    onConnection: (socket) => sockets.push(socket),
  });
  const connected = async (peer = peerOf(address)) => {
    const before = sockets.length;
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(before));
    const socket = sockets.at(-1);
    if (!socket) throw new Error('no connection');
    const heard: string[] = [];
    socket.listen({
      packet: (packet) => heard.push(Buffer.from(packet).toString()),
      writable: () => heard.push('(writable)'),
      closed: (error) => heard.push(`(closed${error ? ` ${error.message}` : ''})`),
    });
    return { peer, socket, heard };
  };
  return {
    address,
    connected,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      server[Symbol.dispose]();
      await watch[Symbol.asyncDispose]();
    },
  };
}

const packets = (heard: readonly string[]) => heard.filter((one) => one !== '(writable)');

it('takes connections and gives their packets one by one, also those that came before', async () => {
  await using server = await rig();
  const peer = peerOf(server.address);
  peer.send('one');
  peer.send('two');
  const { heard } = await server.connected(peer);
  await vi.waitFor(() => expect(packets(heard)).toEqual(['one', 'two']));
  for (let count = 0; count < 200; count += 1) {
    peer.send(`more ${count}`);
    await vi.waitFor(() => expect(packets(heard).at(-1)).toBe(`more ${count}`), { interval: 1 });
  }
});

it('sends packets until the other side takes no more, and tells when it does again', async () => {
  await using server = await rig();
  const { peer, socket, heard } = await server.connected();
  let sent = 0;
  while (socket.send(Buffer.from(`report ${sent}`))) sent += 1;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(100);
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0));
  heard.length = 0;
  for (let count = 0; count < sent; count += 1) expect(peer.recv()).toBe(`report ${count}`);
  await vi.waitFor(() => expect(heard).toContain('(writable)'));
  expect(socket.send(Buffer.from('again'))).toBe(true);
});

it('tells that the other side has gone', async () => {
  await using server = await rig();
  const { peer, heard } = await server.connected();
  peer.send('bye');
  peer.close();
  await vi.waitFor(() => expect(packets(heard)).toEqual(['bye', '(closed)']));
});

it('tells nothing of what was closed here', async () => {
  await using server = await rig();
  const { peer, socket, heard } = await server.connected();
  socket.close();
  socket.close();
  expect(peer.recv()).toBe('');
  expect(() => socket.send(Buffer.of(1))).toThrow('The connection is closed');
  const { peer: next, heard: nextHeard } = await server.connected();
  next.send('other');
  await vi.waitFor(() => expect(packets(nextHeard)).toEqual(['other']));
  expect(packets(heard)).toEqual([]);
});

it('says by its name why there can be no server', async () => {
  await using server = await rig();
  await using watch = new SocketWatch(1000);
  const options = {
    domain: AF_UNIX,
    protocol: 0,
    backlog: 1,
    watch,
    onConnection: () => undefined,
  };
  const serve = (more: object) => () =>
    servePackets({ address: server.address, ...options, ...more });
  expect(serve({})).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  expect(serve({ domain: 12_345 })).toThrow(expect.objectContaining({ code: 'EAFNOSUPPORT' }));
});

it('has Bluetooth addresses as the kernel has them', () => {
  const bytes = encodeL2capAddress('00:AA:01:02:03:FE', 17);
  expect(Buffer.from(bytes).toString('hex')).toBe('1f001100fe030201aa0000000000');
  expect(decodeL2capAddress(bytes)).toBe('00:AA:01:02:03:FE');
});
