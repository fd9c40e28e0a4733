import { appendFileSync, mkdirSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that only grows; each call opens it anew, so that a removed or replaced one is no trouble. */
export class AppendFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Bytes in the file; 0 when there is none. */
  async size(): Promise<number> {
    return await stat(this.path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /**
   * Appends whole lines (mode 0600, folder made when missing). A torn last line, as a crash leaves
   * it, is ended first so that it does not spoil the next one.
   */
  async append(text: string, fsync: boolean): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const file = await open(this.path, 'a+', 0o600);
    try {
      const torn = await endsTorn(file);
      await file.appendFile(torn ? `\n${text}` : text);
      if (fsync) await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** The same at once, for the last words of a process. */
  appendSync(text: string): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    appendFileSync(this.path, text, { mode: 0o600 });
  }

  /** Gives the file another name, over one that has it already; a missing file is no error. */
  async renameTo(path: string): Promise<void> {
    await rename(this.path, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  /**
   * Opens the present content: what is appended or renamed later does not change what the returned
   * function reads, line by line and once. Undefined when there is no file.
   */
  async snapshot(): Promise<LineSnapshot | undefined> {
    const file = await open(this.path, 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    return {
      lines: () => readLines(file, size),
      close: () => file.close(),
    };
  }
}

/** An open look at a file's lines. */
export interface LineSnapshot {
  lines(): AsyncGenerator<string>;
  close(): Promise<void>;
}

async function endsTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

async function* readLines(file: FileHandle, size: number): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for (let at = 0; at < size; ) {
    const wanted = Math.min(64 * 1024, size - at);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let begin = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, begin)) {
      yield rest.toString('utf8', begin, end);
      begin = end + 1;
    }
    rest = rest.subarray(begin);
  }
}
