import { type Action, offer } from '../palette/actions.ts';
import { soundOffer, soundOn, toggleSound } from '../sound/sound-state.ts';
import { link } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { openPanel } from '../state/panels.ts';
import { figuresShown } from '../state/settings.ts';
import { canCopyPictures, copyScreenshot, saveScreenshot, screenshotTold } from './screenshot.ts';
import { softKeyboardUp, toggleSoftKeyboard } from './soft-keyboard-state.ts';
import { keyRow, touchChoice, touchSeen } from './touch.ts';
import { WHOLE } from './view.ts';
import { setView, view } from './view-state.ts';

const screen = (id: string, name: string, words: string, run: () => void): Action => {
  return { id: `screen.${id}`, name, words, group: 'Screen', run };
};

/** What became of it is told in the panel, so it opens when that is bad. */
async function told(act: () => Promise<void>): Promise<void> {
  await act();
  if (screenshotTold.peek()?.ok === false) openPanel.value = 'screen';
}

offer(() => [
  screen('open', 'Screen', 'open panel size zoom touch picture', () => {
    openPanel.value = 'screen';
  }),
  ...(link.value.kind === 'open'
    ? [
        screen('save', 'Save a screenshot', 'picture download snapshot', () => {
          void told(saveScreenshot);
        }),
      ]
    : []),
  ...(link.value.kind === 'open' && canCopyPictures
    ? [
        screen('copy', 'Copy a screenshot', 'picture clipboard snapshot', () => {
          void told(copyScreenshot);
        }),
      ]
    : []),
  ...(soundOn.value || (soundOffer.value !== undefined && 'opus' in soundOffer.value)
    ? [
        screen(
          'sound',
          soundOn.value ? 'Turn the sound off' : 'Turn the sound on',
          'hear audio volume mute unmute speaker',
          toggleSound,
        ),
      ]
    : []),
  screen(
    'figures',
    figuresShown.value ? 'Hide figures of the picture' : 'Show figures of the picture',
    'fps bitrate latency overlay statistics click to pixel',
    () => {
      figuresShown.value = !figuresShown.peek();
    },
  ),
  ...(view.value.zoom > 1
    ? [screen('whole', 'Show all of the screen', 'zoom out reset view', () => setView(WHOLE))]
    : []),
  ...(absoluteMouse.value
    ? [
        screen(
          'touch',
          touchChoice.value === 'direct' ? 'Touch: use a trackpad' : 'Touch: point directly',
          'finger trackpad pointer mode',
          () => {
            touchChoice.value = touchChoice.peek() === 'direct' ? 'trackpad' : 'direct';
          },
        ),
      ]
    : []),
  screen(
    'key-row',
    keyRow.value === 'always' ? 'Hide the row of keys' : 'Show the row of keys',
    'touch esc tab ctrl f1',
    () => {
      keyRow.value = keyRow.peek() === 'always' ? 'never' : 'always';
    },
  ),
  ...(touchSeen.value
    ? [
        screen(
          'soft-keyboard',
          softKeyboardUp.value ? 'Hide the soft keyboard' : 'Show the soft keyboard',
          'phone type',
          toggleSoftKeyboard,
        ),
      ]
    : []),
]);
