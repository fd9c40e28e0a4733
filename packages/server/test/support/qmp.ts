import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** A QMP connection, as small as tests need it. */
export class Qmp {
  readonly #socket: Socket;
  readonly #answers: ((answer: { return?: unknown; error?: { desc: string } }) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line);
      if ('return' in message || 'error' in message) this.#answers.shift()?.(message);
    });
  }

  /** Resolves when QEMU is there and takes commands. */
  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp(await connectWhenThere(path));
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  async execute(command: string, args: object = {}): Promise<unknown> {
    const answer = await new Promise<{ return?: unknown; error?: { desc: string } }>((resolve) => {
      this.#answers.push(resolve);
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if (answer.error) throw new Error(answer.error.desc);
    return answer.return;
  }

  key(qcode: string): Promise<unknown> {
    return this.execute('send-key', { keys: [{ type: 'qcode', data: qcode }] });
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function connectWhenThere(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (connected) return socket;
    await delay(20);
  }
}
