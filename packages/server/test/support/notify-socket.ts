import { closeSync } from 'node:fs';
import { StateCell } from '../../src/core/state.ts';
import { nativeFunction } from '../../src/platform/libc.ts';
import { systemdNotifier } from '../../src/platform/sd-notify.ts';

const [AF_UNIX, SOCK_DGRAM] = [1, 2];
const MAX_BYTES = 4096;
const END = 'X_END=1';

/** The socket at which a service manager hears of its service (sd_notify(3)). */
export class NotifySocket implements AsyncDisposable {
  /** All that was told, in order. */
  readonly told = new StateCell<readonly string[]>([]);
  readonly env: Readonly<Record<string, string>>;
  readonly #fd: number;
  readonly #done: Promise<void>;

  /** `place` is a path, or `@NAME` for one without a file. */
  constructor(place: string) {
    this.env = { NOTIFY_SOCKET: place };
    const socket = nativeFunction('int socket(int domain, int type, int protocol)');
    const bind = nativeFunction('int bind(int fd, void *address, uint32_t length)');
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    const address = Buffer.from(`\x01\0${place.replace(/^@/, '\0')}`, 'latin1');
    if (bind(this.#fd, address, address.length) !== 0) throw new Error(`${place} is taken`);
    this.#done = this.#receive();
  }

  async #receive(): Promise<void> {
    const recv = nativeFunction('long recv(int fd, void *into, size_t bytes, int flags)');
    for (;;) {
      const into = Buffer.alloc(MAX_BYTES);
      const bytes = await new Promise<number>((resolve, reject) => {
        recv.async(this.#fd, into, into.length, 0, (error: unknown, count: number) =>
          error ? reject(error) : resolve(count),
        );
      });
      const text = into.toString('latin1', 0, bytes);
      if (bytes < 0 || text === END) return;
      this.told.set([...this.told.value, text]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await systemdNotifier({ ...this.env })?.(END);
    await this.#done;
    closeSync(this.#fd);
  }
}
