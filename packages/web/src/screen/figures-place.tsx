import { useEffect } from 'preact/hooks';
import { figuresShown } from '../state/settings.ts';
import { useLazy } from '../ui/use-lazy.ts';
import { onHostKey } from './capture.ts';

/** Where the figures are once they are wanted; their code comes then. Host key + F toggles them. */
export function FiguresPlace() {
  const wanted = figuresShown.value;
  const { loaded: Loaded } = useLazy(
    async () => (await import('./figures-overlay.tsx')).FiguresOverlay,
    { wanted },
  );
  useEffect(
    () =>
      onHostKey('KeyF', () => {
        figuresShown.value = !figuresShown.peek();
      }),
    [],
  );
  return wanted && Loaded !== undefined ? <Loaded /> : null;
}
