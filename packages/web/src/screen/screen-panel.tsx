import { useState } from 'preact/hooks';
import { SoundSection } from '../sound/sound-section.tsx';
import { absoluteMouse } from '../state/machine.ts';
import { figuresShown, HOST_KEYS, hostKey, scale, videoPath } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';
import { Switch } from '../ui/switch.tsx';
import { canFullScreen, fullScreen, toggleFullScreen } from './full-screen.ts';
import { PATH_CHOICES, PATH_WORDS } from './paths.ts';
import { tryBetterPaths } from './picture.tsx';
import { chosenPath, pathTroubles } from './picture-state.ts';
import { canCopyPictures, copyScreenshot, saveScreenshot, screenshotTold } from './screenshot.ts';
import { KEY_ROWS, keyRow, touchChoice, touchSeen } from './touch.ts';
import { WHOLE } from './view.ts';
import { setView, view } from './view-state.ts';
import './screen-panel.css';

const KEY_ROW_WORDS = { touch: 'With touch', always: 'Always', never: 'Never' } as const;

/** How the screen is shown and used, and pictures of it. */
export function ScreenPanel() {
  return (
    <>
      <RadioGroup
        name="scale"
        legend="Size"
        value={scale.value}
        choices={[
          { value: 'fit', label: 'Fit the window' },
          { value: 'actual', label: 'Actual size, 1:1' },
        ]}
        onChoose={(value) => {
          scale.value = value;
        }}
      />
      <div class="buttons">
        {canFullScreen && (
          <Button
            label={fullScreen.value ? 'Leave full screen' : 'Full screen'}
            icon={fullScreen.value ? 'minimize' : 'maximize'}
            onPress={toggleFullScreen}
          />
        )}
        {view.value.zoom > 1 && (
          <Button label="Show all of it" icon="fit" onPress={() => setView(WHOLE)} />
        )}
      </div>
      <Screenshot />
      <SoundSection />
      <MouseWords />
      <Touch />
      <PicturePath />
    </>
  );
}

function Screenshot() {
  const told = screenshotTold.value;
  return (
    <section>
      <h3>Screenshot</h3>
      <div class="buttons">
        <Button label="Save" icon="camera" onPress={() => void saveScreenshot()} />
        {canCopyPictures && (
          <Button label="Copy" icon="copy" onPress={() => void copyScreenshot()} />
        )}
      </div>
      <p class="told note" role="status" data-ok={told?.ok ?? true}>
        {told?.text ?? 'The picture of this moment as a JPEG file.'}
      </p>
    </section>
  );
}

function MouseWords() {
  const key = HOST_KEYS[hostKey.value];
  return (
    <section>
      <h3>Mouse</h3>
      <p class="note">
        {absoluteMouse.value
          ? 'The machine’s pointer follows yours.'
          : `The machine’s mouse moves by steps. Click the screen to lock your pointer into it; Esc or ${key} gives it back.`}
      </p>
    </section>
  );
}

function Touch() {
  return (
    <section>
      <h3>Touch</h3>
      <RadioGroup
        name="touch-mode"
        legend="A finger"
        value={touchChoice.value}
        disabled={!absoluteMouse.value}
        choices={[
          { value: 'direct', label: 'Points directly' },
          { value: 'trackpad', label: 'Uses a trackpad' },
        ]}
        onChoose={(value) => {
          touchChoice.value = value;
        }}
      />
      <p class="note">{fingerWords()}</p>
      <RadioGroup
        name="key-row"
        legend="Row of keys below the screen"
        value={keyRow.value}
        choices={KEY_ROWS.map((value) => ({ value, label: KEY_ROW_WORDS[value] }))}
        onChoose={(value) => {
          keyRow.value = value;
        }}
      />
      {!touchSeen.value && keyRow.value === 'touch' && (
        <p class="note">It comes once the screen is touched.</p>
      )}
    </section>
  );
}

const TWO_FINGERS =
  'Two fingers scroll, or tap for a right click; pinch to zoom, three move the view.';

function fingerWords(): string {
  if (!absoluteMouse.value) {
    return `A mouse that moves by steps is used like a trackpad. ${TWO_FINGERS}`;
  }
  return touchChoice.value === 'direct'
    ? `Tap to click, move to drag, hold for a right click. ${TWO_FINGERS}`
    : `Move the pointer from anywhere, tap to click, tap and hold to drag. ${TWO_FINGERS}`;
}

function PicturePath() {
  const [isTrying, setTrying] = useState(false);
  const [told, setTold] = useState<string>();
  const again = async () => {
    setTrying(true);
    setTold((await tryBetterPaths()) ? undefined : 'Still not. It is tried again every minute.');
    setTrying(false);
  };
  return (
    <section>
      <h3>Picture</h3>
      <RadioGroup
        name="video-path"
        legend="The way it comes"
        value={videoPath.value}
        choices={PATH_CHOICES.map((value) => ({
          value,
          label: value === 'automatic' ? 'Automatic' : PATH_WORDS[value],
        }))}
        onChoose={(value) => {
          // What failed before may work when somebody asks for it.
          pathTroubles.value = {};
          videoPath.value = value;
        }}
      />
      <p class="note">{chosenPath.value.reason}</p>
      {Object.keys(pathTroubles.value).length > 0 && (
        <>
          <Button label="Try better ways again" disabled={isTrying} onPress={() => void again()} />
          <p class="note" role="status">
            {told}
          </p>
        </>
      )}
      <Switch
        label="Show figures"
        note={`Frames, bitrate and delays over the screen. ${HOST_KEYS[hostKey.value]} + F shows and hides them.`}
        on={figuresShown.value}
        onChange={(on) => {
          figuresShown.value = on;
        }}
      />
    </section>
  );
}
