import { notePictureSize } from './picture-state.ts';

/** Gives the canvas the size of the picture. Setting one empties it, so only a new size is set. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  notePictureSize(width, height);
}
