/** A box on the page in CSS px, as getBoundingClientRect gives it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A position as the absolute mouse takes it: -32768 is left or top, 32767 right or bottom. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Where a picture of this size lies in the box when it is fitted in (borders left out). */
export function fitted(box: Box, width: number, height: number): Box {
  if (width <= 0 || height <= 0) return box;
  const ratio = Math.min(box.width / width, box.height / height);
  const drawn = { width: width * ratio, height: height * ratio };
  return {
    left: box.left + (box.width - drawn.width) / 2,
    top: box.top + (box.height - drawn.height) / 2,
    ...drawn,
  };
}

/** The position of a point of the page on the picture; points outside count as its edge. */
export function toPosition(picture: Box, clientX: number, clientY: number): Position {
  return {
    x: axis(clientX - picture.left, picture.width),
    y: axis(clientY - picture.top, picture.height),
  };
}

function axis(offset: number, length: number): number {
  if (length <= 0) return 0;
  const share = Math.min(1, Math.max(0, offset / length));
  return Math.round(share * 65535) - 32768;
}
