import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What a command is answered; a thrown error is QEMU's refusal. */
export type QmpAnswer = (args: Readonly<Record<string, unknown>>) => unknown;

/**
 * A machine's control socket that is content unless told otherwise, and remembers what was pressed
 * and asked.
 */
export class FakeQmp implements AsyncDisposable {
  readonly path: string;
  /** `down a`, `up a`, in order; as on a keyboard, only keys that are down go up. */
  readonly keys: string[] = [];
  /** The names of the commands, in order. */
  readonly commands: string[] = [];
  /** Answers by the name of the command. */
  readonly answers = new Map<string, QmpAnswer>([
    ['query-status', () => ({ status: 'running', running: true })],
  ]);
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #down = new Set<string>();
  readonly #news = new EventEmitter();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.write(
        '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":0}},"capabilities":[]}}\n',
      );
      const lines = createInterface({ input: socket });
      // It passes the socket's errors on: a server that is killed resets its connection.
      lines.on('error', () => undefined);
      lines.on('line', (line) => {
        const { execute, arguments: args, id } = JSON.parse(line);
        this.commands.push(execute);
        for (const event of args?.events ?? []) this.#note(event);
        socket.write(`${JSON.stringify({ ...this.#answer(execute, args ?? {}), id })}\n`);
      });
    });
  }

  static async start(path: string): Promise<FakeQmp> {
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    return new FakeQmp(path, server);
  }

  /** Resolves when this has been pressed or released. */
  async until(key: string): Promise<void> {
    const signal = AbortSignal.timeout(10_000);
    while (!this.keys.includes(key)) await once(this.#news, 'key', { signal });
  }

  /** Tells everyone that something happened. */
  emit(event: string, data: object): void {
    for (const socket of this.#sockets) socket.write(`${JSON.stringify({ event, data })}\n`);
  }

  /** Ends all connections, as a QEMU that ends does, and takes no more. */
  hangUp(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
  }

  #answer(command: string, args: Readonly<Record<string, unknown>>): object {
    try {
      return { return: this.answers.get(command)?.(args) ?? {} };
    } catch (error) {
      return { error: { class: 'GenericError', desc: String((error as Error).message) } };
    }
  }

  #note(event: { type: string; data: { down: boolean; key: { data: string } } }): void {
    if (event.type !== 'key') return;
    const { down, key } = event.data;
    if (down === this.#down.has(key.data)) return;
    if (down) this.#down.add(key.data);
    else this.#down.delete(key.data);
    this.keys.push(`${down ? 'down' : 'up'} ${key.data}`);
    this.#news.emit('key');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
