import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { StateCell, until } from '../../core/state.ts';
import { QemuVideoSource } from './streamer.ts';

const HELLO = Buffer.concat([
  Buffer.from('RFB 003.008\n'),
  Buffer.from('010100000000', 'hex'),
  Buffer.from('0002000120180001 00ff00ff00ff100800000000 00000000'.replaceAll(' ', ''), 'hex'),
]);
const PIXELS = Buffer.from('000000010000000000020001000000000102030405060708', 'hex');
const LEDS = Buffer.from('00000001 00000000000000 00fffffefb04'.replaceAll(' ', ''), 'hex');

/** One connection to the pretended VNC server: what the client sent after its handshake. */
class Peer {
  readonly requests = new StateCell<readonly number[]>([]);
  readonly pokes = new StateCell(0);
  readonly socket: Socket;
  #data = Buffer.alloc(0);
  /** Version, security, shared, SetPixelFormat, SetEncodings with three. */
  #handshake = 12 + 1 + 1 + 20 + 16;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#read(chunk));
    socket.write(HELLO);
  }

  #read(chunk: Buffer): void {
    this.#data = Buffer.concat([this.#data, chunk]);
    if (this.#handshake > 0) {
      if (this.#data.length < this.#handshake) return;
      this.#data = this.#data.subarray(this.#handshake);
      this.#handshake = 0;
    }
    while (this.#data.length > 0) {
      const request = this.#data[0] === 3;
      const size = request ? 10 : 8;
      if (this.#data.length < size) return;
      if (request) this.requests.set([...this.requests.value, this.#data[1] ?? 0]);
      else this.pokes.set(this.pokes.value + 1);
      this.#data = this.#data.subarray(size);
    }
  }
}

describe("QEMU's VNC connection", () => {
  let folder: string;
  let server: Server;
  let source: QemuVideoSource;
  const peers = new StateCell<readonly Peer[]>([]);
  const leds = new StateCell(0);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crashcart-vnc-'));
    const vncSocketPath = join(folder, 'vnc');
    peers.set([]);
    server = createServer((socket) => peers.set([...peers.value, new Peer(socket)]));
    await new Promise<void>((resolve) => server.listen(vncSocketPath, resolve));
    source = new QemuVideoSource({
      vncSocketPath,
      powered: new StateCell(true),
      hasSound: new StateCell(true),
      offReason: () => 'off',
      onLeds: (mask) => leds.set(mask),
      log: silentLog,
    });
  });

  afterEach(async () => {
    await source[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const peer = async (index: number): Promise<Peer> => {
    const all = await until(peers, (list) => list.length > index);
    const found = all[index];
    if (!found) throw new Error('no such connection');
    return found;
  };

  it('asks for no pixels while nobody watches, yet tells the LEDs', async () => {
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    const first = await peer(0);
    first.socket.write(LEDS);
    await until(leds, (mask) => mask === 4);
    expect(feed.signal.value).toEqual({ online: true, width: 2, height: 1 });
    expect([first.requests.value, first.pokes.value]).toEqual([[], 0]);
    feed.setWatched(true);
    await until(first.pokes, (count) => count > 2);
    expect(first.requests.value).toEqual([0]);
    await feed[Symbol.asyncDispose]();
  });

  it('asks for the next update as soon as one is there, though LEDs come between', async () => {
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    const frames: string[] = [];
    feed.onFrame = ({ data, dirty }) =>
      frames.push(`${Buffer.from(data).toString('hex')} ${dirty?.length ?? 'all'}`);
    feed.setWatched(true);
    const first = await peer(0);
    await until(first.requests, (all) => all.length === 1);
    first.socket.write(Buffer.concat([LEDS, PIXELS]));
    await until(first.requests, (all) => all.length === 2);
    first.socket.write(PIXELS);
    await until(first.requests, (all) => all.length === 3);
    expect(first.requests.value).toEqual([0, 1, 1]);
    expect(frames).toEqual(['0102030405060708 all', '0102030405060708 1']);
    await feed[Symbol.asyncDispose]();
  });

  it('connects anew after a loss or nonsense, and begins with a whole picture', async () => {
    const feed = source.open({ desiredFps: 0, resolution: undefined });
    feed.setWatched(true);
    const first = await peer(0);
    await until(first.requests, (all) => all.length === 1);
    const lost = until(feed.signal, (signal) => !signal.online);
    first.socket.destroy();
    await lost;
    const second = await peer(1);
    await until(second.requests, (all) => all.length === 1);
    second.socket.write(Buffer.from('ff', 'hex'));
    const third = await peer(2);
    await until(third.requests, (all) => all.length === 1);
    expect(third.requests.value).toEqual([0]);
    expect(feed.signal.value.online).toBe(true);
    await feed[Symbol.asyncDispose]();
  });
});
