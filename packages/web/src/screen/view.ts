import { type Box, fitted } from './coordinates.ts';
import type { Point } from './gestures.ts';

/** How the picture is shown in its place: `zoom` 1 is the whole of it; then moved so, in CSS px. */
export interface View extends Point {
  readonly zoom: number;
}

/** The whole picture. */
export const WHOLE: View = { zoom: 1, x: 0, y: 0 };
/** Largest zoom: a pixel of 1080p is then 2 mm on a phone. */
export const MAX_ZOOM = 8;

/** Width of the frame around the place for the picture, in CSS px (padding in screen.css). */
export const FRAME_PX = 2;

/** Where the picture is shown, in CSS px, and its own size in px. */
export interface Stage {
  readonly width: number;
  readonly height: number;
  readonly picture: { readonly width: number; readonly height: number };
}

/** Zooms by a factor; the point of the stage (CSS px from its corner) stays where it is. */
export function zoomedAt(view: View, factor: number, around: Point, stage: Stage): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(1, view.zoom * factor));
  const grown = zoom / view.zoom;
  return kept(
    { zoom, x: around.x - (around.x - view.x) * grown, y: around.y - (around.y - view.y) * grown },
    stage,
  );
}

/** Moves the view so far. */
export function panned(view: View, x: number, y: number, stage: Stage): View {
  return kept({ ...view, x: view.x + x, y: view.y + y }, stage);
}

/** Moves the view as little as needed to bring a point of the stage this far inside its edges. */
export function following(view: View, point: Point, margin: number, stage: Stage): View {
  if (view.zoom === 1) return view;
  const way = (at: number, length: number) => {
    const edge = Math.min(margin, length / 2);
    return at < edge ? edge - at : at > length - edge ? length - edge - at : 0;
  };
  return panned(view, way(point.x, stage.width), way(point.y, stage.height), stage);
}

/** Where the picture is drawn on the stage. */
export function pictureBox(view: View, stage: Stage): Box {
  const base = baseOf(stage);
  return {
    left: view.x + base.left * view.zoom,
    top: view.y + base.top * view.zoom,
    width: base.width * view.zoom,
    height: base.height * view.zoom,
  };
}

/** Keeps the picture on the stage: in its middle where it is smaller, else over its edges. */
export function kept(view: View, stage: Stage): View {
  if (view.zoom <= 1) return WHOLE;
  const base = baseOf(stage);
  const axis = (offset: number, start: number, length: number, room: number) => {
    const size = length * view.zoom;
    const left = offset + start * view.zoom;
    const good = size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, left));
    return good - start * view.zoom;
  };
  return {
    zoom: view.zoom,
    x: axis(view.x, base.left, base.width, stage.width),
    y: axis(view.y, base.top, base.height, stage.height),
  };
}

function baseOf({ width, height, picture }: Stage): Box {
  return fitted({ left: 0, top: 0, width, height }, picture.width, picture.height);
}
