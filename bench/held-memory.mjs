import { once } from 'node:events';
import { createServer } from 'node:net';
import { WebSocket } from 'ws';
import { sleep } from './figures.mjs';

const TRIES = 6;
const PAUSE_MS = 300;
const MIB = 1_048_576;

/** A port of this machine that nobody has. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * What a Node process holds, by its debugger: objects and buffers after the collector has run. Its
 * resident memory is above that by the play of collector and allocator, which is larger than a viewer.
 */
export class HeldMemory {
  #socket;
  #count = 0;

  /** Of a process that was started with `--inspect=127.0.0.1:PORT`. */
  static async open(port) {
    const [{ webSocketDebuggerUrl }] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const held = new HeldMemory();
    held.#socket = new WebSocket(webSocketDebuggerUrl);
    await once(held.#socket, 'open');
    return held;
  }

  /** The least of some looks, MiB: pictures that are under way come and go. */
  async mib() {
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < TRIES; index++) {
      await this.#call('HeapProfiler.collectGarbage');
      await sleep(PAUSE_MS);
      const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';
      const { result } = await this.#call('Runtime.evaluate', { expression });
      least = Math.min(least, result.value / MIB);
    }
    return least;
  }

  close() {
    this.#socket.terminate();
  }

  async #call(method, params = {}) {
    const id = ++this.#count;
    this.#socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [text] = await once(this.#socket, 'message');
      const answer = JSON.parse(text);
      if (answer.id === id) return answer.result;
    }
  }
}
