import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  entryOf,
  type FolderEntry,
  folderIdentity,
  isFolderWritable,
  listFolder,
  watchFolder,
} from '../platform/image-folder.ts';

/** From a change to the look at it, ms: a file that is copied changes often. */
const SETTLE_MS = 50;
/** Between two looks at a folder that changes all the time, ms. */
const AGAIN_MS = 1000;
/** Above so many changes the whole folder is read instead. */
const MANY = 256;

/** A file in a tree, and whether it may be removed. */
export interface TreeFile extends FolderEntry {
  readonly removable: boolean;
}

interface Folder {
  /** Relative to the root, '' = the root. */
  readonly path: string;
  readonly inode: string;
  readonly device: string;
  readonly writable: boolean;
  readonly files: Map<string, TreeFile>;
  readonly folders: Set<string>;
  /** Names that changed; `all` when the system did not tell which. */
  readonly changed: Set<string>;
  all: boolean;
  isWatched: boolean;
  lookedMs: number;
  timer: NodeJS.Timeout | undefined;
  unwatch: () => void;
}

/**
 * The files below a directory, kept up to date. Names come from the system: hidden ones are there,
 * too; the owner says which folders are not entered.
 */
export class ImageTree {
  readonly #root: string;
  readonly #enters: (name: string) => boolean;
  readonly #ignores: (path: string) => boolean;
  readonly #onChange: () => void;
  readonly #folders = new Map<string, Folder>();
  /** Looks and changes of ours, one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(
    root: string,
    given: {
      /** Whether a folder of this name is looked into. */
      readonly enters: (name: string) => boolean;
      /** Whether changes of this file are no news, because they are ours. */
      readonly ignores: (path: string) => boolean;
      /** Called when somebody else's changes have been looked at. */
      readonly onChange: () => void;
    },
  ) {
    this.#root = root;
    this.#enters = given.enters;
    this.#ignores = given.ignores;
    this.#onChange = given.onChange;
  }

  /** Every folder with what is in it. */
  get folders(): Iterable<Pick<Folder, 'path' | 'device' | 'writable' | 'files'>> {
    return this.#folders.values();
  }

  /** The facts of one file as they were last seen. */
  file(folder: string, name: string): TreeFile | undefined {
    return this.#folders.get(folder)?.files.get(name);
  }

  /** Reads everything anew; a directory that is missing is empty. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      this.#forget('');
      await this.#enter('');
    });
  }

  /** Looks at some names, at once; the folders above them are found, too. */
  refresh(folder: string, ...names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#folders.get(folder);
      if (known) {
        for (const name of names) await this.#look(known, name);
        return;
      }
      if (!this.#folders.has('')) {
        await this.#enter('');
        return;
      }
      const parts = folder.split('/');
      for (let depth = 0; depth < parts.length; depth += 1) {
        const above = this.#folders.get(parts.slice(0, depth).join('/'));
        const part = parts[depth];
        if (above && part !== undefined && !above.folders.has(part)) {
          await this.#look(above, part);
          return;
        }
      }
    });
  }

  /**
   * Finds what nobody told of: folders that are others now or may be written no longer, and those
   * that cannot be watched.
   */
  check(): Promise<void> {
    return this.#inTurn(async () => {
      for (const folder of [...this.#folders.values()]) {
        if (this.#folders.get(folder.path) !== folder) continue;
        const absolute = this.#absolute(folder.path);
        const identity = await folderIdentity(absolute);
        const same =
          identity?.inode === folder.inode &&
          identity.device === folder.device &&
          (await isFolderWritable(absolute)) === folder.writable;
        if (same && folder.isWatched) continue;
        this.#forget(folder.path);
        await this.#enter(folder.path);
      }
      if (!this.#folders.has('')) await this.#enter('');
    });
  }

  /** Watches no longer. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    this.#forget('');
  }

  #inTurn(look: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      if (!this.#isClosed) await look();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #absolute(path: string): string {
    return path === '' ? this.#root : join(this.#root, path);
  }

  async #enter(path: string): Promise<void> {
    const absolute = this.#absolute(path);
    const identity = await folderIdentity(absolute);
    if (!identity) return;
    const folder: Folder = {
      ...{ path, ...identity, writable: await isFolderWritable(absolute) },
      ...{ files: new Map(), folders: new Set(), changed: new Set() },
      ...{ all: false, isWatched: true, lookedMs: performance.now(), timer: undefined },
      unwatch: () => undefined,
    };
    // Watched before it is read: what changes in between is looked at again.
    folder.unwatch = watchFolder(
      absolute,
      (name) => this.#changed(folder, name),
      () => {
        folder.isWatched = false;
      },
    );
    this.#folders.set(path, folder);
    for (const entry of (await listFolder(absolute)) ?? []) await this.#put(folder, entry);
  }

  /** Forgets a folder and all below it. */
  #forget(path: string): void {
    for (const folder of [...this.#folders.values()]) {
      if (path !== '' && folder.path !== path && !folder.path.startsWith(`${path}/`)) continue;
      clearTimeout(folder.timer);
      folder.unwatch();
      this.#folders.delete(folder.path);
    }
  }

  async #look(folder: Folder, name: string): Promise<void> {
    const entry = await entryOf(this.#absolute(folder.path), name);
    if (entry) {
      await this.#put(folder, entry);
      return;
    }
    folder.files.delete(name);
    if (folder.folders.delete(name)) this.#forget(below(folder.path, name));
    // It may be the folder that is gone; when it is back, all of it is looked at again.
    if (!(await folderIdentity(this.#absolute(folder.path)))) folder.isWatched = false;
  }

  async #put(folder: Folder, entry: FolderEntry): Promise<void> {
    const path = below(folder.path, entry.name);
    if (entry.kind === 'file') {
      if (folder.folders.delete(entry.name)) this.#forget(path);
      const file = { ...entry, removable: folder.writable };
      // Who has it is not told of a change where there is none.
      if (!isDeepStrictEqual(file, folder.files.get(entry.name))) {
        folder.files.set(entry.name, file);
      }
      return;
    }
    folder.files.delete(entry.name);
    if (!this.#enters(entry.name)) return;
    folder.folders.add(entry.name);
    if (this.#folders.get(path)?.inode === entry.inode) return;
    this.#forget(path);
    await this.#enter(path);
  }

  #changed(folder: Folder, name: string | undefined): void {
    if (name !== undefined && this.#ignores(below(folder.path, name))) return;
    if (name === undefined || folder.changed.size >= MANY) folder.all = true;
    else folder.changed.add(name);
    if (folder.timer || this.#isClosed) return;
    const sinceMs = performance.now() - folder.lookedMs;
    folder.timer = setTimeout(
      () => void this.#catchUp(folder).catch(() => undefined),
      Math.max(SETTLE_MS, AGAIN_MS - sinceMs),
    );
    folder.timer.unref();
  }

  async #catchUp(folder: Folder): Promise<void> {
    await this.#inTurn(async () => {
      folder.timer = undefined;
      folder.lookedMs = performance.now();
      if (this.#folders.get(folder.path) !== folder) return;
      const names = [...folder.changed];
      const { all } = folder;
      folder.changed.clear();
      folder.all = false;
      if (all) {
        this.#forget(folder.path);
        await this.#enter(folder.path);
        return;
      }
      for (const name of names) await this.#look(folder, name);
    });
    this.#onChange();
  }
}

/** The path of a name in a folder of the tree. */
export function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
