import { useEffect } from 'preact/hooks';
import { link } from '../state/connection.ts';
import { useLazy } from '../ui/use-lazy.ts';
import { askForSound, soundOn } from './sound-state.ts';

/** Where the sound is played once it is wanted; its code comes then. */
export function SoundPlace() {
  const wanted = soundOn.value;
  const { loaded: Player } = useLazy(async () => (await import('./sound-player.tsx')).SoundPlayer, {
    wanted,
  });
  const isOpen = link.value.kind === 'open';
  useEffect(() => {
    if (isOpen) void askForSound();
  }, [isOpen]);
  return wanted && Player !== undefined ? <Player /> : null;
}
