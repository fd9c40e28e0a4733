/** Which way an arrow key points. */
const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Moves the focus by an arrow key to the button of the group that is nearest in its direction. */
export function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const direction = DIRECTIONS[event.key];
  const from = document.activeElement;
  if (direction === undefined || from === null) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const boxes = buttons.map((button) => button.getBoundingClientRect());
  const next = nearest(from.getBoundingClientRect(), boxes, direction);
  if (next !== undefined) buttons[next]?.focus();
}

/** A box on the page, as getBoundingClientRect gives it. */
type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

/** The index of the box that is nearest in a direction; one in line wins over one aside. */
export function nearest(
  from: Box,
  boxes: readonly Box[],
  [x, y]: readonly [x: number, y: number],
): number | undefined {
  const at = centre(from);
  let best: { readonly index: number; readonly distance: number } | undefined;
  for (const [index, box] of boxes.entries()) {
    const to = centre(box);
    const ahead = (to.x - at.x) * x + (to.y - at.y) * y;
    const aside = Math.abs((to.x - at.x) * y) + Math.abs((to.y - at.y) * x);
    // What overlaps the row or column already is no step.
    const isBeyond =
      x === 0
        ? y > 0
          ? box.top >= from.bottom - 1
          : box.bottom <= from.top + 1
        : x > 0
          ? box.left >= from.right - 1
          : box.right <= from.left + 1;
    if (!isBeyond) continue;
    const distance = ahead + 3 * aside;
    if (best === undefined || distance < best.distance) best = { index, distance };
  }
  return best?.index;
}

const centre = ({ left, right, top, bottom }: Box) => ({
  x: (left + right) / 2,
  y: (top + bottom) / 2,
});
