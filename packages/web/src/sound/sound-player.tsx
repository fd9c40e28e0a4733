import { useEffect, useRef } from 'preact/hooks';
import { soundOn, soundTrouble, soundVolume } from './sound-state.ts';
import { streamSound } from './sound-stream.ts';

const HELD = 'The browser held the sound back. Turn it on once more.';

/** Plays the machine's sound as long as it is there. */
export function SoundPlayer() {
  const player = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = player.current;
    if (element === null) return;
    const trouble = (sentence: string | undefined) => {
      soundTrouble.value = sentence;
    };
    trouble(undefined);
    const stop = streamSound(element, {
      trouble,
      held: () => {
        trouble(HELD);
        soundOn.value = false;
      },
    });
    return () => {
      stop();
      // Only what is to be done about it stays.
      if (soundTrouble.peek() !== HELD) trouble(undefined);
    };
  }, []);
  useEffect(() => {
    if (player.current !== null) player.current.volume = soundVolume.value / 100;
  }, [soundVolume.value]);
  // biome-ignore lint/a11y/useMediaCaption: nobody writes down what a machine plays
  return <audio ref={player} class="hidden" />;
}
