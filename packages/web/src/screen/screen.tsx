import { useEffect, useRef } from 'preact/hooks';
import { link } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { scale } from '../state/settings.ts';
import { captured } from './capture.ts';
import { captureKeyboard } from './keyboard-capture.ts';
import { captureMouse } from './mouse-capture.ts';
import { CanvasPicture, MjpegPicture, tryBetterPaths } from './picture.tsx';
import { pathTroubles, videoMode } from './picture-state.ts';
import { PointerMark } from './pointer-mark.tsx';
import { captureTouch } from './touch-capture.ts';
import { FRAME_PX } from './view.ts';
import { stageSize, view } from './view-state.ts';

/** How often it is looked whether a better way to the picture can be had again, in ms. */
const PROBE_EVERY_MS = 60_000;

/** The machine's picture; takes keyboard and mouse once it is clicked, and fingers. */
export function Screen() {
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = surface.current;
    if (element === null) return;
    const picture = () => element.querySelector<HTMLElement>('.picture');
    const stops = [
      captureKeyboard(element),
      captureMouse(element, picture),
      captureTouch(element, picture),
      followSize(element),
    ];
    element.focus({ preventScroll: true });
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  const isWorse = Object.keys(pathTroubles.value).length > 0;
  useEffect(() => {
    if (!isWorse) return;
    const probe = setInterval(() => void tryBetterPaths(), PROBE_EVERY_MS);
    return () => clearInterval(probe);
  }, [isWorse]);
  // Kept out of the attributes, so that a moved view draws nothing else anew.
  const mode = videoMode.value;
  useEffect(
    () =>
      view.subscribe(({ zoom, x, y }) => {
        const picture = surface.current?.querySelector<HTMLElement>('.picture');
        if (!picture) return;
        picture.style.transform = zoom === 1 ? '' : `translate(${x}px, ${y}px) scale(${zoom})`;
      }),
    [mode],
  );

  return (
    <>
      <div
        id="screen"
        ref={surface}
        class="screen"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys by itself
        tabIndex={0}
        aria-label="Screen of the machine"
        aria-describedby="screen-hint"
        data-captured={captured.value}
        data-scale={scale.value}
        data-mouse={absoluteMouse.value ? 'absolute' : 'relative'}
        data-stale={link.value.kind === 'lost'}
      >
        <span id="screen-hint" class="hidden">
          Press Enter or click to send the keyboard to the machine.
        </span>
        {mode === 'mjpeg' ? <MjpegPicture /> : <CanvasPicture path={mode} />}
      </div>
      <PointerMark surface={() => surface.current} />
    </>
  );
}

/** Keeps the size of the place for the picture known. */
function followSize(surface: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    const { clientWidth, clientHeight } = surface;
    stageSize.value = {
      width: Math.max(0, clientWidth - 2 * FRAME_PX),
      height: Math.max(0, clientHeight - 2 * FRAME_PX),
    };
  });
  observer.observe(surface);
  return () => observer.disconnect();
}
