import { useEffect, useRef } from 'preact/hooks';
import { scale } from '../state/settings.ts';
import { pictureSize } from './picture-state.ts';
import { pointerAt, pointerDrawn } from './touch.ts';
import { FRAME_PX, pictureBox } from './view.ts';
import { stageNow, stageSize, view } from './view-state.ts';

/** The pointer of the trackpad; its tip is where the machine's pointer is. */
export function PointerMark({ surface }: { readonly surface: () => HTMLElement | null }) {
  const mark = useRef<HTMLDivElement>(null);
  const drawn = pointerDrawn.value;
  const at = pointerAt.value;
  const isFit = scale.value === 'fit';
  // Read, so that the mark is placed anew when one of them changes.
  const placed = [view.value, stageSize.value, pictureSize.value];
  useEffect(() => {
    const element = mark.current;
    if (element === null || !drawn) return;
    const box = isFit ? pictureBox(view.peek(), stageNow()) : boxOf(surface());
    if (box === undefined) return;
    const [x, y] = [box.left + at.x * box.width, box.top + at.y * box.height];
    element.style.transform = `translate(${x}px, ${y}px)`;
  }, [drawn, at, isFit, ...placed]);
  if (!drawn) return null;
  return (
    <div ref={mark} class="pointer-mark">
      <svg viewBox="0 0 16 24" width="16" height="24" aria-hidden="true">
        <path d="M1 1v18l4.5-4.2 3 7.2 3.2-1.4-3-7H15z" />
      </svg>
    </div>
  );
}

/** Where a picture in its own size is, seen from the corner of the surface. */
function boxOf(surface: HTMLElement | null) {
  const picture = surface?.querySelector('.picture');
  if (!surface || !picture) return undefined;
  const outer = surface.getBoundingClientRect();
  const { left, top, width, height } = picture.getBoundingClientRect();
  return { left: left - outer.left - FRAME_PX, top: top - outer.top - FRAME_PX, width, height };
}
