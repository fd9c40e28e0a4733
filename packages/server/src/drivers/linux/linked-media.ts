import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { NbdMount } from '../../platform/nbd-mount.ts';
import { ProgramMissingError } from '../../platform/process.ts';

const SOURCE = /^nbd\+unix:\/\/\/\?socket=(.+)\.sock$/;
const FILE = /^(.+)\/image$/;

/** Images that an NBD server of ours gives, as files: the kernel's drive takes nothing else. */
export class LinkedMedia {
  readonly #log: Log;
  readonly #mounts = new Map<string, NbdMount>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The file of a medium, mounted when it is linked. Throws MsdDriveError. */
  async fileOf(source: string): Promise<string> {
    const [, place] = SOURCE.exec(source) ?? [];
    if (place === undefined) return source;
    const file = `${place}/image`;
    if (!this.#mounts.has(file)) await this.#mount(`${place}.sock`, file);
    return file;
  }

  /** The medium of a file. */
  sourceOf(file: string): string {
    const [, place] = this.#mounts.has(file) ? (FILE.exec(file) ?? []) : [];
    return place === undefined ? file : `nbd+unix:///?socket=${place}.sock`;
  }

  /** Unmounts all files but one, which may be none of ours. */
  async keepOnly(file: string): Promise<void> {
    for (const [path, mount] of [...this.#mounts]) {
      if (path === file) continue;
      this.#mounts.delete(path);
      await mount.close();
    }
  }

  async #mount(socket: string, file: string): Promise<void> {
    try {
      const mount = await NbdMount.open(socket, file);
      this.#mounts.set(file, mount);
      void mount.ended.then(() => {
        if (this.#mounts.get(file) !== mount) return;
        this.#mounts.delete(file);
        const message = 'nbdfuse has ended: the machine cannot read its drive; insert it again';
        this.#log.error({ medium: file }, message);
      });
    } catch (error) {
      throw new KvmError('MsdDriveError', refusal(error), { cause: error });
    }
  }
}

function refusal(error: unknown): string {
  const what = 'A linked image cannot be put into the USB drive';
  if (error instanceof ProgramMissingError) {
    return `${what}: nbdfuse is missing; apt install libnbd-bin fuse3`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  const isFuse = /fusermount|\/dev\/fuse/.test(reason);
  const help = isFuse ? '; it needs fuse3 (apt install fuse3) and the right to open /dev/fuse' : '';
  return `${what}: ${reason}${help}`;
}
