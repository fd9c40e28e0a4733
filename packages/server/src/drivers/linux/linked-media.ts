import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { askMountService, MISSING, type ServedMount } from '../../platform/mount-service.ts';
import { NbdMount } from '../../platform/nbd-mount.ts';
import { ProgramMissingError } from '../../platform/process.ts';
import { systemPathExists } from '../../platform/system-files.ts';

const SOURCE = /^nbd\+unix:\/\/\/\?socket=(.+)\.sock$/;
const FILE = /^(.+)\/image$/;
/** What the kernel shows of a file whose mount is gone: the path within that. */
const ORPHAN = '/image';

/** Images that an NBD server of ours gives, as files: the kernel's drive takes nothing else. */
export class LinkedMedia {
  readonly #log: Log;
  readonly #service: string;
  readonly #mounts = new Map<string, ServedMount>();

  /** `service` is the socket of the program that mounts for us, where there is one. */
  constructor(log: Log, service: string) {
    this.#log = log;
    this.#service = service;
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

  /** Whether a file is a linked one that nobody serves any more: its mount has no place then. */
  async isOrphan(file: string): Promise<boolean> {
    return file === ORPHAN && !(await systemPathExists(file));
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
      const mount = await this.#open(socket, file);
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

  async #open(socket: string, file: string): Promise<ServedMount> {
    const answer = await askMountService(this.#service, { socket, file });
    // Nobody is there for us: it may be allowed to this process itself.
    if (answer === undefined) return await NbdMount.open(socket, file);
    if (typeof answer !== 'string') return answer;
    if (answer.startsWith(MISSING)) throw new ProgramMissingError(answer.slice(MISSING.length));
    throw new Error(answer);
  }
}

function refusal(error: unknown): string {
  const what = 'A linked image cannot be put into the USB drive';
  if (error instanceof ProgramMissingError) {
    return `${what}: nbdfuse is missing; apt install libnbd-bin fuse3`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `${what}: ${reason}${helpWith(reason)}`;
}

function helpWith(reason: string): string {
  if (/fusermount3: mount failed: Operation not permitted/.test(reason)) {
    return '; the server may not gain privileges: systemctl start crashcart-nbdfuse.socket';
  }
  const isFuse = /fusermount|\/dev\/fuse/.test(reason);
  return isFuse ? '; it needs fuse3 (apt install fuse3) and the right to open /dev/fuse' : '';
}
