import { performance } from 'node:perf_hooks';
import type { Log } from '../core/log.ts';
import type { Rect } from '../core/video-source.ts';
import { DirtyRegion } from './dirty-region.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { Pacer } from './pacer.ts';
import type { Picture } from './picture.ts';
import type { PictureSettings } from './pictures.ts';
import { Refinement } from './refinement.ts';
import type { Screen } from './screen.ts';

/** A rectangle of the screen as JPEG. */
export interface Tile extends Rect {
  readonly jpeg: Uint8Array;
}

/** A message of the `tiles` format; docs/video-tiles.md has the layout. */
export interface TileMessage {
  /** The tiles make a whole picture, also one of a new size. */
  readonly key: boolean;
  readonly seq: number;
  readonly width: number;
  readonly height: number;
  /** ms on the server's monotonic clock. */
  readonly capturedMs: number;
  readonly tiles: readonly Tile[];
}

const HEADER_BYTES = 20;
const TILE_HEADER_BYTES = 12;

/** Writes a message; all numbers are big-endian. */
export function encodeTileMessage(message: TileMessage): Buffer {
  const size = message.tiles.reduce(
    (sum, tile) => sum + TILE_HEADER_BYTES + tile.jpeg.length,
    HEADER_BYTES,
  );
  const buffer = Buffer.allocUnsafe(size);
  buffer[0] = 1;
  buffer[1] = message.key ? 1 : 0;
  buffer.writeUInt32BE(message.seq >>> 0, 2);
  buffer.writeUInt16BE(message.width, 6);
  buffer.writeUInt16BE(message.height, 8);
  buffer.writeDoubleBE(message.capturedMs, 10);
  buffer.writeUInt16BE(message.tiles.length, 18);
  let at = HEADER_BYTES;
  for (const tile of message.tiles) {
    buffer.writeUInt16BE(tile.x, at);
    buffer.writeUInt16BE(tile.y, at + 2);
    buffer.writeUInt16BE(tile.width, at + 4);
    buffer.writeUInt16BE(tile.height, at + 6);
    buffer.writeUInt32BE(tile.jpeg.length, at + 8);
    buffer.set(tile.jpeg, at + TILE_HEADER_BYTES);
    at += TILE_HEADER_BYTES + tile.jpeg.length;
  }
  return buffer;
}

/** Who gets tiles. */
export interface TileViewer {
  /** Whether a message can be taken now; what changes meanwhile is kept and comes later. */
  ready(): boolean;
  send(message: Buffer): void;
}

/** A viewer's place in the hub. */
export interface TileSeat {
  /** The viewer is ready again. */
  resume(): void;
  /** The next message is a whole picture. */
  refresh(): void;
  leave(): void;
}

interface Member {
  readonly viewer: TileViewer;
  readonly dirty: DirtyRegion;
  /** What it has in low quality. */
  readonly coarse: DirtyRegion;
}

interface Group {
  readonly all: boolean;
  readonly rects: readonly Rect[];
  readonly viewers: TileViewer[];
}

/**
 * Changed rectangles for viewers that draw them over what they have. Each viewer's dirty region is
 * kept until it can take it, so nothing is lost; viewers with the same one share the encoding.
 */
export class Tiles {
  readonly #screen: Screen;
  readonly #settings: () => PictureSettings;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  readonly #pacer: Pacer;
  readonly #refinement = new Refinement(() => this.#refine());
  #failed = false;
  /** The newest file of a source that gives complete ones. */
  #passed: Picture | undefined;

  constructor(screen: Screen, settings: () => PictureSettings, log: Log) {
    this.#screen = screen;
    this.#settings = settings;
    this.#log = log;
    this.#pacer = new Pacer(
      () => this.#turn(),
      () => this.#settings().desiredFps,
    );
  }

  /** The first message is a whole picture, as soon as there is one. */
  join(viewer: TileViewer): TileSeat {
    const member = { viewer, dirty: new DirtyRegion(), coarse: new DirtyRegion() };
    this.#members.add(member);
    this.#pacer.wake();
    return {
      resume: () => {
        if (!member.dirty.empty) this.#pacer.wake();
      },
      refresh: () => {
        member.dirty.addAll();
        this.#pacer.wake();
      },
      leave: () => {
        if (this.#members.delete(member) && this.#members.size === 0) this.#refinement.cancel();
      },
    };
  }

  /** The screen has changed; null = all of it, perhaps its size. */
  changed(dirty: readonly Rect[] | null): void {
    if (this.#members.size === 0) return;
    this.#refinement.cancel();
    for (const member of this.#members) {
      if (dirty === null) member.dirty.addAll();
      else for (const rect of dirty) member.dirty.add(rect);
    }
    this.#pacer.wake();
  }

  /** A source that gives complete files: each is one tile, as it is. */
  passThrough(picture: Picture): void {
    const before = this.#passed;
    if (before === picture) return;
    this.#passed = picture;
    // One that says nothing new costs no line; who joins, or lacks the one before, gets it anyway.
    const isSame = before?.seq === picture.seq - 1 && before.jpeg.equals(picture.jpeg);
    if (!isSame) this.changed(null);
  }

  close(): void {
    this.#pacer.close();
    this.#refinement.cancel();
    this.#members.clear();
    this.#passed = undefined;
  }

  /** The file that is the screen now; undefined where the screen has pixels, or nothing. */
  get #whole(): Picture | undefined {
    return this.#passed?.seq === this.#screen.seq ? this.#passed : undefined;
  }

  async #turn(): Promise<void> {
    const whole = this.#whole;
    if (whole) {
      this.#sendWhole(whole);
      return;
    }
    if (!this.#screen.present) return;
    const { quality, isCoarse } = this.#refinement.take(this.#settings().quality);
    const groups = this.#takeGroups(this.#screen, isCoarse);
    try {
      // Pixels of all groups are copied before the first await: they are of one moment.
      await Promise.all(groups.map((group) => this.#prepare(group, quality)).map((send) => send()));
      this.#failed = false;
      if (isCoarse && groups.length > 0) this.#refinement.wait();
    } catch (error) {
      for (const { dirty } of this.#members) dirty.addAll();
      if (!this.#failed) this.#log.error({ err: error }, 'tiles could not be encoded');
      this.#failed = true;
    }
  }

  #sendWhole(picture: Picture): void {
    const { seq, width, height, jpeg, grabEndMs } = picture;
    const tiles = [{ x: 0, y: 0, width, height, jpeg }];
    const capturedMs = grabEndMs || performance.now();
    const message = encodeTileMessage({ key: true, seq, width, height, capturedMs, tiles });
    for (const { viewers } of this.#takeGroups(picture, false)) {
      for (const viewer of viewers) viewer.send(message);
    }
  }

  /** What has stayed in low quality is sent as if it had changed. */
  #refine(): void {
    const { width, height } = this.#screen;
    for (const { dirty, coarse } of this.#members) {
      const { all, rects } = coarse.take(width, height);
      if (all) dirty.addAll();
      else for (const rect of rects) dirty.add(rect);
    }
    this.#pacer.wake();
  }

  #takeGroups({ width, height }: Pick<Rect, 'width' | 'height'>, isCoarse: boolean): Group[] {
    const groups = new Map<string, Group>();
    for (const { viewer, dirty, coarse } of this.#members) {
      if (dirty.empty || !viewer.ready()) continue;
      const taken = dirty.take(width, height);
      // A whole picture replaces all that it had.
      if (taken.all) coarse.take(width, height);
      if (isCoarse && taken.all) coarse.addAll();
      else if (isCoarse) for (const rect of taken.rects) coarse.add(rect);
      const name = taken.rects.map((r) => `${r.x},${r.y},${r.width},${r.height}`).join(' ');
      const group = groups.get(name) ?? { ...taken, viewers: [] };
      group.viewers.push(viewer);
      groups.set(name, group);
    }
    return [...groups.values()];
  }

  #prepare(group: Group, quality: number): () => Promise<void> {
    const { width, height, seq, grabEndMs } = this.#screen;
    const copies = group.rects.map((rect) => ({ rect, pixels: this.#copy(rect) }));
    return async () => {
      const turbo = await loadJpegTurbo();
      const tiles = await Promise.all(
        copies.map(async ({ rect, pixels }) => {
          const out = Buffer.allocUnsafe(turbo.outputBytes(rect.width, rect.height));
          const jpeg = await turbo.encode(pixels, rect.width, rect.height, quality, out);
          return { ...rect, jpeg };
        }),
      );
      const capturedMs = grabEndMs || performance.now();
      const message = encodeTileMessage({ key: group.all, seq, width, height, capturedMs, tiles });
      for (const viewer of group.viewers) viewer.send(message);
    };
  }

  #copy(rect: Rect): Buffer {
    const bytes = rect.width * 4;
    const copy = Buffer.allocUnsafe(bytes * rect.height);
    for (let row = 0; row < rect.height; row += 1) {
      const from = ((rect.y + row) * this.#screen.width + rect.x) * 4;
      this.#screen.data.copy(copy, row * bytes, from, from + bytes);
    }
    return copy;
  }
}
