import type { Rect } from '../core/video-source.ts';

/** JPEG blocks are 16 px with 4:2:0, so finer edges would only cost quality. */
const GRID = 16;
/** More rectangles than this are merged: each costs a header of about 600 bytes. */
const MAX_RECTS = 16;
/** Two rectangles become one when that adds at most this share of pixels. */
const MERGE_WASTE = 1.25;

const area = (rect: Rect) => rect.width * rect.height;

function union(a: Rect, b: Rect): Rect {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** What of the screen has changed since it was last taken: few rectangles that cover all of it. */
export class DirtyRegion {
  #rects: Rect[] = [];
  #all = true;

  get empty(): boolean {
    return !this.#all && this.#rects.length === 0;
  }

  /** Everything, also after a change of size. */
  addAll(): void {
    this.#all = true;
    this.#rects = [];
  }

  add(rect: Rect): void {
    if (this.#all || area(rect) === 0) return;
    const x = rect.x - (rect.x % GRID);
    const y = rect.y - (rect.y % GRID);
    const right = Math.ceil((rect.x + rect.width) / GRID) * GRID;
    const bottom = Math.ceil((rect.y + rect.height) / GRID) * GRID;
    this.#merge({ x, y, width: right - x, height: bottom - y });
    if (this.#rects.length > MAX_RECTS) this.#joinCheapest();
  }

  /** Takes what is dirty, cut to the screen, and is clean then; `all` when it is the whole. */
  take(width: number, height: number): { readonly all: boolean; readonly rects: readonly Rect[] } {
    const all = this.#all;
    const rects = this.#rects;
    this.#all = false;
    this.#rects = [];
    if (all) return { all, rects: [{ x: 0, y: 0, width, height }] };
    return {
      all,
      rects: rects
        .map((rect) => ({
          ...rect,
          width: Math.min(rect.width, width - rect.x),
          height: Math.min(rect.height, height - rect.y),
        }))
        .filter((rect) => rect.width > 0 && rect.height > 0),
    };
  }

  #merge(added: Rect): void {
    let rect = added;
    for (let index = 0; index < this.#rects.length; index += 1) {
      const other = this.#rects[index];
      if (!other) continue;
      const joined = union(rect, other);
      if (area(joined) > (area(rect) + area(other)) * MERGE_WASTE) continue;
      this.#rects.splice(index, 1);
      rect = joined;
      // The grown one may touch those before.
      index = -1;
    }
    this.#rects.push(rect);
  }

  #joinCheapest(): void {
    const last = this.#rects.pop();
    if (!last) return;
    let best = 0;
    let bestWaste = Number.POSITIVE_INFINITY;
    this.#rects.forEach((other, index) => {
      const waste = area(union(last, other)) - area(other);
      if (waste >= bestWaste) return;
      best = index;
      bestWaste = waste;
    });
    const [other] = this.#rects.splice(best, 1);
    this.#merge(other ? union(last, other) : last);
  }
}
