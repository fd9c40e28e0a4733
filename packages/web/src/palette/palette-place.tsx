import { useEffect } from 'preact/hooks';
import { useLazy } from '../ui/use-lazy.ts';
import { closePalette, listenForPalette, paletteOpen } from './palette-state.ts';

const load = async () => (await import('./palette.tsx')).Palette;

/** Where the palette opens. */
export function PalettePlace() {
  useEffect(() => listenForPalette(), []);
  const isOpen = paletteOpen.value;
  const { loaded: Palette, isFailed } = useLazy(load, { wanted: isOpen, early: true });
  if (!isOpen) return null;
  return Palette === undefined ? <Waiting isFailed={isFailed} /> : <Palette />;
}

/** Takes the focus meanwhile, so that what is typed does not go to the machine. */
function Waiting({ isFailed }: { readonly isFailed: boolean }) {
  return (
    <div class="palette-waits" role="dialog" aria-label="All actions">
      <p role="status">
        {isFailed ? 'Not loaded, as the server is not reached. Try again in a moment.' : 'Loading'}
      </p>
      <button
        ref={(button) => button?.focus()}
        type="button"
        class="button plain"
        onClick={closePalette}
        onKeyDown={(event) => {
          // Enter and Space are meant for what is being loaded.
          if (!isFailed && event.key !== 'Escape') event.preventDefault();
          if (event.key === 'Escape') closePalette();
        }}
      >
        Close
      </button>
    </div>
  );
}
