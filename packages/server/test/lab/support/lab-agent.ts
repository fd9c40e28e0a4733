import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { sleep } from '../../../src/core/sleep.ts';
import { isSystemError } from '../../../src/platform/files.ts';

/** How often it is looked whether QEMU has made its end of the port, ms. */
const RETRY_MS = 20;

/** What the agent says; see guest/agent.mjs. */
interface Message {
  readonly id: number;
  readonly ready?: number;
  readonly pid?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exit?: number | string;
  readonly data?: string;
  readonly result?: unknown;
  readonly error?: string;
  readonly code?: string;
}

/** How a program in the machine is started. */
export interface GuestRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads. */
  readonly input?: string | Uint8Array;
}

/** What a program in the machine came to. */
export interface GuestResult {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string;
  readonly out: Buffer;
  readonly err: string;
}

/** A program that runs in the machine. */
export interface GuestProcess extends AsyncDisposable {
  readonly pid: Promise<number>;
  /** Settles when it has ended; rejects when it could not be started. */
  readonly ended: Promise<GuestResult>;
  /** Everything that it wrote so far, and hears of more; the result ends that. */
  onOutput(heard: (piece: Buffer, stream: 'stdout' | 'stderr') => void): () => void;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** The way into a lab machine: programs and files by the agent at its virtio port. */
export class LabAgent {
  readonly #socket: Socket;
  readonly #heard = new Map<number, (message: Message) => void>();
  /** Rejects what waits when the machine has gone. */
  readonly #failed = new Map<number, (error: Error) => void>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', () => {
      for (const fail of this.#failed.values()) fail(new Error('The lab machine has gone'));
    });
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      this.#heard.get(message.id)?.(message);
    });
  }

  /** Connects to QEMU's end of the port and resolves when the agent is there. */
  static async connect(path: string, signal: AbortSignal): Promise<LabAgent> {
    const agent = new LabAgent(await reach(path, signal));
    await new Promise<void>((resolve, reject) => {
      agent.#heard.set(0, () => resolve());
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return agent;
  }

  /** Starts a program. */
  spawn(argv: readonly string[], { env = {}, input = '' }: GuestRunOptions = {}): GuestProcess {
    const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const listeners = new Set<(piece: Buffer, stream: 'stdout' | 'stderr') => void>();
    const hear = (stream: 'stdout' | 'stderr', text: string) => {
      const piece = Buffer.from(text, 'base64');
      pieces[stream].push(piece);
      for (const listener of listeners) listener(piece, stream);
    };
    let isOver = false;
    let started: (pid: number) => void = () => undefined;
    const pid = new Promise<number>((resolve) => {
      started = resolve;
    });
    const request = { op: 'spawn', argv, env, input: Buffer.from(input).toString('base64') };
    const { id, promise } = this.#send<GuestResult>(request, (message, settle) => {
      if (message.pid !== undefined) started(message.pid);
      if (message.stdout !== undefined) hear('stdout', message.stdout);
      if (message.stderr !== undefined) hear('stderr', message.stderr);
      if (message.exit === undefined) return;
      isOver = true;
      const err = Buffer.concat(pieces.stderr).toString();
      settle({ code: message.exit, out: Buffer.concat(pieces.stdout), err });
    });
    promise.catch(() => undefined);
    const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
      if (!isOver) await this.#ask({ op: 'kill', child: id, signal });
    };
    return {
      pid,
      ended: promise,
      onOutput(heard) {
        for (const stream of ['stdout', 'stderr'] as const) {
          for (const piece of pieces[stream]) heard(piece, stream);
        }
        listeners.add(heard);
        return () => listeners.delete(heard);
      },
      kill,
      async [Symbol.asyncDispose]() {
        await kill('SIGKILL');
        await promise.catch(() => undefined);
      },
    };
  }

  /** Reads a file in one piece. Errors have the kernel's code. */
  async read(path: string): Promise<Buffer> {
    const { data = '' } = await this.#ask({ op: 'read', path });
    return Buffer.from(data, 'base64');
  }

  /** Writes a file, in one call. */
  async write(path: string, data: string | Uint8Array): Promise<void> {
    await this.#ask({ op: 'write', path, data: Buffer.from(data).toString('base64') });
  }

  /** Calls a function of a module in the agent's own process; arguments and result as JSON. */
  async call(module: string, name: string, ...args: readonly unknown[]): Promise<unknown> {
    return (await this.#ask({ op: 'call', module, name, args })).result;
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(request: object): Promise<Message> {
    return this.#send<Message>(request, (message, settle) => settle(message)).promise;
  }

  /** Sends a request; `take` gets its answers until it settles. An error of the agent rejects. */
  #send<T>(request: object, take: (message: Message, settle: (value: T) => void) => void) {
    this.#lastId += 1;
    const id = this.#lastId;
    const promise = new Promise<T>((resolve, reject) => {
      const end = () => {
        this.#heard.delete(id);
        this.#failed.delete(id);
      };
      this.#failed.set(id, reject);
      this.#heard.set(id, (message) => {
        if (message.error === undefined) {
          take(message, (value) => {
            end();
            resolve(value);
          });
          return;
        }
        end();
        reject(Object.assign(new Error(message.error), { code: message.code }));
      });
    });
    this.#socket.write(`${JSON.stringify({ id, ...request })}\n`);
    return { id, promise };
  }
}

/** Connects to a socket that QEMU is about to make. */
async function reach(path: string, signal: AbortSignal): Promise<Socket> {
  while (true) {
    const socket = connect(path);
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      if (!isSystemError(error, 'ENOENT', 'ECONNREFUSED')) throw error;
      await sleep(RETRY_MS, signal);
    }
  }
}
