import { StateCell, type Unsubscribe } from '../../core/state.ts';
import { connectUnix, type Socket } from '../../platform/unix-socket.ts';
import {
  encodeQmpCommand,
  type QmpEvent,
  type QmpMessage,
  QmpParser,
} from '../../protocols/qmp.ts';

/** How long QEMU may take to answer, ms; it answers within 1 ms unless it hangs. */
export const QMP_TIMEOUT_MS = 3000;

/** QEMU refused a command; the message is QEMU's. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
  readonly errorClass: string;

  constructor(command: string, errorClass: string, description: string) {
    super(`QEMU refused ${command}: ${description}`);
    this.errorClass = errorClass;
  }
}

/** QEMU did not answer in time: it hangs or is stopped. */
export class QmpTimeoutError extends Error {
  override readonly name = 'QmpTimeoutError';

  constructor(command: string, ms: number) {
    super(`QEMU did not answer ${command} within ${ms / 1000} s`);
  }
}

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** A connection to QEMU's control socket, ready for commands. */
export class QmpClient {
  /** True while QEMU owes an answer for longer than the timeout. */
  readonly hanging = new StateCell(false);
  /** Resolves with the reason when the connection has ended; never rejects. */
  readonly closed: Promise<Error>;
  readonly #socket: Socket;
  readonly #parser = new QmpParser();
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #greeted: Promise<void>;
  #onGreeting: () => void = () => undefined;
  #onClosed: (reason: Error) => void = () => undefined;
  #ended: Error | undefined;
  #version = 'unknown';
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#greeted = new Promise((resolve) => {
      this.#onGreeting = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('QEMU closed its control socket')));
  }

  /** Connects and negotiates; rejects when nobody listens, or nobody answers within the timeout. */
  static async connect(
    path: string,
    signal?: AbortSignal,
    timeoutMs = QMP_TIMEOUT_MS,
  ): Promise<QmpClient> {
    const client = new QmpClient(await connectUnix(path, signal ?? new AbortController().signal));
    const timer = setTimeout(
      () => client.#end(new QmpTimeoutError('with a greeting', timeoutMs)),
      timeoutMs,
    );
    try {
      const ended = client.closed.then((reason) => Promise.reject(reason));
      await Promise.race([client.#greeted, ended]);
      await client.execute('qmp_capabilities', undefined, signal, timeoutMs);
      return client;
    } catch (error) {
      client.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** QEMU's own, as it says in its greeting, e.g. `7.2.22`. */
  get version(): string {
    return this.#version;
  }

  /** Runs a command; rejects with QmpError, QmpTimeoutError, the end of the connection or abort. */
  execute(
    command: string,
    args?: object,
    signal?: AbortSignal,
    timeoutMs = QMP_TIMEOUT_MS,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal?.aborted) return reject(signal.reason);
      const id = this.#nextId++;
      const aborted = () => {
        clearTimeout(timer);
        this.#pending.delete(id);
        reject(signal?.reason);
      };
      const stop = () => signal?.removeEventListener('abort', aborted);
      const timer = setTimeout(() => {
        stop();
        this.#pending.delete(id);
        this.hanging.set(true);
        reject(new QmpTimeoutError(command, timeoutMs));
      }, timeoutMs);
      signal?.addEventListener('abort', aborted);
      this.#pending.set(id, {
        command,
        timer,
        resolve: (value) => {
          stop();
          resolve(value);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      });
      this.#socket.write(encodeQmpCommand(command, args, id));
    });
  }

  /** Calls `listener` for every event, in order. */
  onEvent(listener: (event: QmpEvent) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resolves with the first event that passes; rejects when the connection ends or on abort. */
  waitForEvent(passes: (event: QmpEvent) => boolean, signal?: AbortSignal): Promise<QmpEvent> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        unsubscribe();
        signal?.removeEventListener('abort', aborted);
      };
      const aborted = () => {
        stop();
        reject(signal?.reason);
      };
      const unsubscribe = this.onEvent((event) => {
        if (!passes(event)) return;
        stop();
        resolve(event);
      });
      signal?.addEventListener('abort', aborted);
      void this.closed.then((reason) => {
        stop();
        reject(reason);
      });
    });
  }

  /** Hangs up; QEMU goes on. */
  close(): void {
    this.#end(new Error('The connection to QEMU was closed'));
  }

  #receive(bytes: Uint8Array): void {
    this.hanging.set(false);
    try {
      for (const message of this.#parser.push(bytes)) this.#dispatch(message);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #dispatch(message: QmpMessage): void {
    switch (message.type) {
      case 'greeting':
        this.#version = message.version;
        this.#onGreeting();
        return;
      case 'event':
        for (const listener of [...this.#listeners]) listener(message.event);
        return;
      case 'return':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'error': {
        const pending = this.#take(message.id);
        const { errorClass, description } = message;
        pending?.reject(new QmpError(pending.command, errorClass, description));
        return;
      }
    }
  }

  #take(id: number | undefined): Pending | undefined {
    if (id === undefined) return undefined;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#socket.destroy();
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(reason);
    }
    this.#pending.clear();
    this.#onClosed(reason);
  }
}
