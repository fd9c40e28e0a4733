/** What of `VisualViewport` matters here, in CSS px. */
export interface VisualArea {
  readonly height: number;
  readonly offsetTop: number;
  /** How far the browser itself zoomed in. */
  readonly scale: number;
}

/** Where the page has room above a soft keyboard, in CSS px. */
export function visibleArea({ height, offsetTop, scale }: VisualArea) {
  // Somebody who zooms the page with the browser sees a part of it on purpose.
  if (scale !== 1) return { top: 0, height: Math.round(height * scale) };
  return { top: Math.round(offsetTop), height: Math.round(height) };
}

/** Keeps the page above the soft keyboard until the function that it returns is called. */
export function keepVisible(): () => void {
  const viewport = window.visualViewport;
  if (viewport === null) return () => undefined;
  const { style } = document.documentElement;
  const fit = () => {
    const { top, height } = visibleArea(viewport);
    style.setProperty('--visible-top', `${top}px`);
    style.setProperty('--visible-height', `${height}px`);
  };
  fit();
  viewport.addEventListener('resize', fit);
  viewport.addEventListener('scroll', fit);
  return () => {
    viewport.removeEventListener('resize', fit);
    viewport.removeEventListener('scroll', fit);
    style.removeProperty('--visible-top');
    style.removeProperty('--visible-height');
  };
}
